import { defineStore } from 'pinia'
import { computed, reactive, ref, shallowRef } from 'vue'
import type { ExploreFinding, ExploreResult, StrategyName } from '../../../src-sim/protocol'
import { useKernel } from './kernel'
import { useLab } from './lab'
import { useSession } from './session'
import { useToasts } from './toasts'

export interface ExploreForm {
  strategy: Exclude<StrategyName, 'replay' | 'fair'>
  schedules: number
  seconds: number
  preemptions: number
  seed: number
  jobs: number
  stopAtFirst: boolean
  shrink: boolean
}

/** The search through schedules: what was asked, how far it is, what it found. */
export const useExplore = defineStore('explore', () => {
  const kernel = useKernel()
  const lab = useLab()
  const session = useSession()
  const toasts = useToasts()

  const form = reactive<ExploreForm>({
    strategy: 'urw',
    schedules: 1000,
    seconds: 30,
    preemptions: 2,
    seed: 1,
    jobs: 1,
    stopAtFirst: false,
    shrink: true,
  })
  const state = ref<'idle' | 'running' | 'cancelling' | 'done' | 'failed'>('idle')
  const result = shallowRef<ExploreResult | null>(null)
  const error = ref('')
  const cancelled = ref(false)
  const active = computed(() => state.value === 'running' || state.value === 'cancelling')

  async function start(): Promise<void> {
    if (active.value || !lab.isOpen) return
    if (!lab.trusted) {
      toasts.show('warning', 'This bundle was not made here and has not been trusted yet.', {
        hint: 'Choose "Trust and run" in the bundle bar first.',
      })
      return
    }
    state.value = 'running'
    cancelled.value = false
    result.value = null
    error.value = ''
    kernel.progress = null
    try {
      const { seconds, jobs, ...rest } = form
      result.value = await kernel.api.explore(lab.source(), {
        ...rest,
        ...(seconds > 0 ? { seconds } : {}),
        ...(jobs > 1 ? { jobs } : {}),
        kcsan: session.kcsan,
        params: session.params,
      })
      state.value = 'done'
    } catch (thrown) {
      error.value = thrown instanceof Error ? thrown.message : String(thrown)
      state.value = 'failed'
    }
  }

  async function cancel(): Promise<void> {
    if (state.value !== 'running') return
    state.value = 'cancelling'
    cancelled.value = true
    await kernel.api.cancelExplore()
  }

  /** Opens the schedule of a finding in the session and runs it to the end. */
  function replay(found: ExploreFinding): Promise<void> {
    return session.replay(found.choices, found.seed)
  }

  function forget(): void {
    if (active.value) return
    state.value = 'idle'
    result.value = null
    kernel.progress = null
  }

  return { form, state, result, error, cancelled, active, start, cancel, replay, forget }
})
