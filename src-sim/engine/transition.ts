import type { Cpu, PendingInterrupt } from './cpu'
import type { Exec, Task } from './exec'
import type { TimedEvent } from './events'

export type TransitionKind =
  | 'step' // the top context of a CPU runs to its next suspension
  | 'switch' // a CPU leaves its current task (or idles) and runs another one
  | 'interrupt' // a CPU takes a pending interrupt
  | 'event' // time moves to the next event and it happens

/** One thing that could happen next. Instances are pooled: valid until the next step. */
export interface Transition {
  kind: TransitionKind
  cpu: Cpu | null
  /** The context that runs (step), or the task that is switched to. */
  exec: Exec | null
  interrupt: PendingInterrupt | null
  event: TimedEvent | null
  /** Whether taking it interrupts a context that could have gone on. */
  preempts: boolean
}

export const newTransition = (): Transition => ({
  kind: 'step',
  cpu: null,
  exec: null,
  interrupt: null,
  event: null,
  preempts: false,
})

/** The task behind a `switch`. */
export const switchedTask = (t: Transition): Task => t.exec as Task

/** The recorded form of a choice; meaning instead of position, so that it survives edits. */
export interface RecordedChoice {
  index: number
  of: number
  key: string
}

/** Fills a pooled transition. */
export function setTransition(
  t: Transition,
  kind: TransitionKind,
  cpu: Cpu | null,
  exec: Exec | null = null,
  event: TimedEvent | null = null,
): Transition {
  t.kind = kind
  t.cpu = cpu
  t.exec = exec
  t.event = event
  t.interrupt = kind === 'interrupt' ? cpu!.interrupts[0]! : null
  return t
}
