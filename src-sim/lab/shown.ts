import type { Finding } from '../engine/finding'
import type { ContextView, DmesgLine, SessionStatus, StepKind } from '../protocol'
import type { Trace } from '../trace/trace'

export type Place = { step: number } | { timeNs: number } | { event: number }

/** What the panels show: a lab that can be executed, or a run that somebody recorded. */
export interface Shown {
  readonly trace: Trace
  readonly findings: Finding[]
  readonly traceHash: string
  /** Names files that are exported from it. */
  readonly name: string
  status(): SessionStatus
  step(kind: StepKind): void
  seek(to: Place): void
  contexts(): ContextView[]
  dmesg(from: number, count: number): DmesgLine[]
}

/** The step that a place in the trace belongs to. */
export function stepAt(trace: Trace, to: Place): number {
  if ('step' in to) return Math.max(0, Math.round(to.step))
  const at = 'event' in to ? to.event : Math.max(0, trace.indexAtTime(to.timeNs + 1) - 1)
  const event = Math.min(Math.max(0, at), trace.length - 1)
  return event < 0 ? 0 : trace.event(event).step
}
