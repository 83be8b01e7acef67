import { defineStore } from 'pinia'
import { computed, ref, shallowRef } from 'vue'
import { failEachCall, type Failure, type FailureWalk } from '../../../src-sim/protocol'
import { useCursor } from './cursor'
import { useFindings } from './findings'
import { useKernel } from './kernel'
import { useLab } from './lab'
import { useSession } from './session'

const NOTHING: FailureWalk = { baseline: [], failures: [], complete: false }

/** The walk over the error paths: the lab runs once for every call in it that can fail. */
export const useFailures = defineStore('failures', () => {
  const kernel = useKernel()
  const lab = useLab()
  const session = useSession()
  const cursor = useCursor()
  const findings = useFindings()

  const walk = shallowRef<FailureWalk>(NOTHING)
  const state = ref<'idle' | 'running' | 'done' | 'stopped' | 'failed'>('idle')
  const error = ref('')
  const bad = computed(
    () => walk.value.failures.filter((one) => one.findings.length > 0).length,
  )
  let attempt = 0

  async function start(): Promise<void> {
    if (!kernel.ready || !lab.isOpen || !lab.trusted) return
    const mine = ++attempt
    const source = lab.source()
    const options = session.options()
    walk.value = NOTHING
    error.value = ''
    state.value = 'running'
    try {
      const whole = await failEachCall(
        (fail) => kernel.api.failCall(source, { ...options, fail }),
        (so) => {
          if (mine === attempt) walk.value = so
          return mine === attempt
        },
      )
      if (mine !== attempt) return
      walk.value = whole
      state.value = 'done'
    } catch (thrown) {
      if (mine !== attempt) return
      error.value = thrown instanceof Error ? thrown.message : String(thrown)
      state.value = 'failed'
    }
  }

  function stop(): void {
    attempt++
    if (state.value === 'running') state.value = 'stopped'
  }

  /** Runs the lab with this failure, and goes to its first finding or else to the refused call. */
  async function open(failure: Failure): Promise<void> {
    session.failNth = failure.nth
    await session.restart()
    const first = failure.findings[0]
    if (first) await findings.goTo(first.signature)
    else cursor.revealSource(failure.file, failure.line)
  }

  return { walk, state, error, bad, start, stop, open }
})
