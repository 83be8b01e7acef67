import { defineStore } from 'pinia'
import { computed, ref, shallowRef } from 'vue'
import type {
  Breakpoint,
  Choice,
  LabSource,
  Problem,
  SessionStatus,
  StepKind,
} from '../../../src-sim/protocol'
import { useCursor } from './cursor'
import { useKernel } from './kernel'
import { useLab } from './lab'
import { runSettings } from './run-settings'
import { useSettings } from './settings'
import { useToasts } from './toasts'

function sameFiles(a: LabSource, b: LabSource): boolean {
  const paths = Object.keys(a.files)
  return (
    paths.length === Object.keys(b.files).length &&
    paths.every((path) => a.files[path] === b.files[path])
  )
}

/** The run of the open lab: how it is started, moved and stopped. */
export const useSession = defineStore('session', () => {
  const kernel = useKernel()
  const lab = useLab()
  const cursor = useCursor()
  const settings = useSettings()
  const toasts = useToasts()

  const how = runSettings()
  const breakpoints = shallowRef<Breakpoint[]>([])
  const busy = ref(false)
  const pacing = ref(false)
  /** Sources of the session, to know whether they were edited since. */
  const opened = shallowRef<LabSource | null>(null)

  const state = computed(() => kernel.status.state)
  /** The sources are not those of the session any more. */
  const stale = computed(() => {
    const old = opened.value
    // Reading the revision makes this follow every edit.
    return old !== null && lab.revision >= 0 && !sameFiles(old, lab.source())
  })
  /** A run that is over can still be taken back to its end after a look into the past. */
  const canGoOn = computed(
    () =>
      opened.value !== null &&
      !stale.value &&
      (state.value === 'ready' ||
        state.value === 'paused' ||
        (state.value === 'ended' && cursor.inPast)),
  )
  const running = computed(() => kernel.running || pacing.value)
  let pace = 0

  /** Compiles and boots what is in the editor. Answers false when there is nothing to run. */
  async function boot(): Promise<boolean> {
    if (!lab.trusted) {
      toasts.show('warning', 'This bundle was not made here and has not been trusted yet.', {
        hint: 'Read its files first; then choose "Trust and run".',
      })
      return false
    }
    const source = lab.source()
    stopPacing()
    const { problems, status } = await kernel.api.open(source, how.options())
    lab.setProblems(problems)
    if (problems.length > 0) {
      // The session before, if there is one, is still there to be looked at.
      kernel.accept(status)
      tellProblems(problems)
      return false
    }
    opened.value = source
    await begun(status)
    return true
  }

  /** A machine stands at its start: nothing read from the one before is valid. */
  async function begun(status: SessionStatus): Promise<void> {
    kernel.newEpoch()
    kernel.accept(status)
    cursor.clear()
    if (breakpoints.value.length > 0) await kernel.api.breakpoints(breakpoints.value)
  }

  function tellProblems(problems: Problem[]): void {
    const first = problems[0]!
    const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : ''
    toasts.show('error', `${first.file}:${first.line}: ${first.message}${more}`, {
      hint: 'Fix the marked line and run again.',
      actions: [
        {
          title: 'Show',
          run: () => cursor.revealSource(first.file, first.line, first.column, true),
        },
      ],
    })
  }

  /** F5: goes on, or starts again when the run is over or the sources changed. */
  async function run(): Promise<void> {
    if (running.value || busy.value) return
    await exclusive(async () => {
      if (!canGoOn.value && !(await boot())) return
      if (settings.values.speed === 'max') settle(await kernel.api.run())
      else startPacing(Number(settings.values.speed))
    })
  }

  async function restart(withSeed?: number): Promise<void> {
    if (withSeed !== undefined) how.seed.value = withSeed
    await halt()
    await exclusive(async () => {
      if (!(await boot())) return
      if (settings.values.speed === 'max') settle(await kernel.api.run())
      else startPacing(Number(settings.values.speed))
    })
  }

  async function pause(): Promise<void> {
    if (pacing.value) return stopPacing()
    settle(await kernel.api.pause())
  }

  async function stop(): Promise<void> {
    await halt()
    if (kernel.hasSession && opened.value !== null) await begun(await kernel.api.stop())
  }

  async function halt(): Promise<void> {
    stopPacing()
    if (kernel.running) settle(await kernel.api.pause())
  }

  async function step(kind: StepKind): Promise<void> {
    if (busy.value) return
    await exclusive(async () => {
      const fresh = !kernel.hasSession || (stale.value && kind !== 'back')
      if (fresh) return void (await boot())
      settle(await kernel.api.step(kind))
    })
  }

  function settle(status: SessionStatus): void {
    cursor.follow++
    kernel.accept(status)
  }

  async function exclusive(work: () => Promise<void>): Promise<void> {
    busy.value = true
    try {
      await work()
    } finally {
      busy.value = false
    }
  }

  /** Slow motion: one step at a time, so that every panel can be watched moving. */
  function startPacing(perSecond: number): void {
    pacing.value = true
    const mine = ++pace
    const beat = async (): Promise<void> => {
      if (mine !== pace) return
      const before = performance.now()
      try {
        settle(await kernel.api.step('event'))
      } catch (error) {
        stopPacing()
        return toasts.failed('The run was interrupted', error)
      }
      if (mine !== pace) return
      const { state: now, stop: reason } = kernel.status
      if (now === 'ended' || now === 'failed' || reason === 'breakpoint') return stopPacing()
      setTimeout(() => void beat(), Math.max(0, 1000 / perSecond - (performance.now() - before)))
    }
    void beat()
  }

  function stopPacing(): void {
    pace++
    pacing.value = false
  }

  async function toggleBreakpoint(file: string, line: number): Promise<void> {
    const rest = breakpoints.value.filter((one) => one.file !== file || one.line !== line)
    const had = rest.length < breakpoints.value.length
    await setBreakpoints(had ? rest : [...rest, { file, line }])
  }

  async function setBreakpoints(list: Breakpoint[]): Promise<void> {
    breakpoints.value = [...list].sort((a, b) =>
      a.file === b.file ? a.line - b.line : a.file < b.file ? -1 : 1,
    )
    if (kernel.ready && kernel.hasSession) await kernel.api.breakpoints(breakpoints.value)
  }

  /** Opens a recorded schedule, as found by an exploration, and runs it. */
  async function replay(list: Choice[], withSeed: number): Promise<void> {
    how.strategy.value = 'replay'
    how.choices.value = list
    await restart(withSeed)
  }

  /** Another lab: nothing of the old run stays. */
  function forget(): void {
    stopPacing()
    opened.value = null
    breakpoints.value = []
    how.clear()
  }

  return {
    ...how,
    breakpoints,
    busy,
    pacing,
    opened,
    state,
    stale,
    canGoOn,
    running,
    boot,
    run,
    restart,
    pause,
    stop,
    step,
    toggleBreakpoint,
    setBreakpoints,
    replay,
    forget,
  }
})
