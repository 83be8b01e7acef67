import type { ContextView } from '../../src-sim/protocol'

export interface CpuView {
  cpu: number
  /** What runs there, innermost (an interrupt over a task) first. */
  running: ContextView[]
  irqsOff: boolean
  preemptOff: boolean
}

const DEPTH = { nmi: 0, hardirq: 1, softirq: 2, task: 3 } as const

export const STATE_WORDS: Record<string, string> = {
  running: 'runs', interruptible: 'sleeps', uninterruptible: 'sleeps, not even for a signal', parked: 'parked', dead: 'ended',
}

export function byCpu(contexts: readonly ContextView[]): CpuView[] {
  const count = Math.max(0, ...contexts.map((context) => context.cpu + 1))
  return Array.from({ length: count }, (_, cpu) => {
    const running = contexts
      .filter((context) => context.cpu === cpu && (context.running || context.kind !== 'task'))
      .sort((a, b) => DEPTH[a.kind] - DEPTH[b.kind])
    return {
      cpu,
      running,
      irqsOff: running.some((context) => context.irqsOff),
      preemptOff: running.some((context) => context.preemptCount > 0),
    }
  })
}

/** Tasks that do not run: first those that wait for something, then the ready ones, then the dead. */
export function waiting(contexts: readonly ContextView[]): ContextView[] {
  const rank = (context: ContextView): number => (context.waitsFor !== null ? 0 : context.state === 'dead' ? 2 : 1)
  return contexts
    .filter((context) => context.kind === 'task' && !context.running)
    .sort((a, b) => rank(a) - rank(b) || a.id - b.id)
}
