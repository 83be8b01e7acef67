import { defineStore } from 'pinia'
import { computed, ref, shallowRef } from 'vue'
import type { FailureOutcome } from '../../../src-sim/protocol'
import { useFindings } from './findings'
import { useKernel } from './kernel'
import { useLab } from './lab'
import { useSession } from './session'

/** A lab with more calls than this that can fail has a loop around one of them. */
export const FAILURES_MAX = 500

/** One run in which a call failed that otherwise would not have. */
export interface Failure {
  /** Which of the calls that can fail, from 1. */
  nth: number
  call: string
  file: string | null
  line: number
  outcome: FailureOutcome
}

/** The walk over the error paths: the lab runs once for every call in it that can fail. */
export const useFailures = defineStore('failures', () => {
  const kernel = useKernel()
  const lab = useLab()
  const session = useSession()
  const findings = useFindings()

  const list = shallowRef<Failure[]>([])
  const state = ref<'idle' | 'running' | 'done' | 'stopped' | 'failed'>('idle')
  const error = ref('')
  const bad = computed(() => list.value.filter((one) => one.outcome.findings.length > 0).length)
  let walk = 0

  async function start(): Promise<void> {
    if (!kernel.ready || !lab.isOpen || !lab.trusted) return
    const mine = ++walk
    const source = lab.source()
    const options = session.options()
    list.value = []
    error.value = ''
    state.value = 'running'
    try {
      for (let nth = 1; nth <= FAILURES_MAX; nth++) {
        const outcome = await kernel.api.failCall(source, { ...options, fail: nth })
        if (mine !== walk) return
        if (outcome.failed === null) break
        list.value = [...list.value, { nth, ...outcome.failed, outcome }]
      }
      state.value = 'done'
    } catch (thrown) {
      if (mine !== walk) return
      error.value = thrown instanceof Error ? thrown.message : String(thrown)
      state.value = 'failed'
    }
  }

  function stop(): void {
    walk++
    if (state.value === 'running') state.value = 'stopped'
  }

  /** Runs the lab with this failure in the session, and goes to its first finding if it has one. */
  async function open(failure: Failure): Promise<void> {
    session.failNth = failure.nth
    await session.restart()
    const first = failure.outcome.findings[0]
    if (first) await findings.goTo(first.signature)
  }

  return { list, state, error, bad, start, stop, open }
})
