import { ref, shallowRef, watch } from 'vue'
import type { Choice, RunOptions, StrategyName } from '../../../src-sim/protocol'

/** A seed that reads well: nine digits at most. */
export function freshSeed(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0]! % 1_000_000_000
}

/** How the next run of the session is made. */
export function runSettings() {
  const seed = ref(0)
  const strategy = ref<StrategyName>('fair')
  const choices = shallowRef<Choice[] | null>(null)
  const kcsan = ref(false)
  /** Make the Nth call that can fail do so; 0 is off. */
  const failNth = ref(0)
  /** What the scenario of the lab lets one choose; without an entry it is the usual value. */
  const params = shallowRef<Record<string, string>>({})

  function options(): RunOptions {
    return {
      seed: seed.value,
      strategy: strategy.value,
      ...(strategy.value === 'replay' && choices.value ? { choices: choices.value } : {}),
      ...(kcsan.value ? { kcsan: true } : {}),
      ...(failNth.value > 0 ? { fail: failNth.value } : {}),
      ...(Object.keys(params.value).length > 0 ? { params: params.value } : {}),
    }
  }

  /** Takes over how somebody else ran the lab: a bundle, a comparison. */
  function take(run: RunOptions): void {
    seed.value = run.seed ?? 0
    strategy.value = run.choices?.length ? 'replay' : (run.strategy ?? 'fair')
    choices.value = run.choices ?? null
    kcsan.value = run.kcsan ?? false
    failNth.value = run.fail ?? 0
    params.value = run.params ?? {}
  }

  /** A recorded schedule fits the value that it was recorded with, and no other. */
  function setParam(name: string, value: string): void {
    params.value = { ...params.value, [name]: value }
    if (strategy.value === 'replay') strategy.value = 'fair'
  }

  /** Another lab: nothing that was meant for the old one stays. */
  function clear(): void {
    choices.value = null
    failNth.value = 0
    params.value = {}
  }

  /** Back to free scheduling after a replay. */
  watch(strategy, (now) => {
    if (now !== 'replay') choices.value = null
  })

  return { seed, strategy, choices, kcsan, failNth, params, options, take, setParam, clear }
}
