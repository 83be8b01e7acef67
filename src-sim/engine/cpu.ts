import type { Exec, Task } from './exec'
import type { Sim } from './suspend'

/** An interrupt that has reached a CPU and waits to be taken. */
export interface PendingInterrupt {
  /** Names it in choices and in the trace: `irq 24`, `hrtimer`. */
  name: string
  start(): Sim<unknown>
  /** Not maskable: taken wherever the CPU is, except in another such one. */
  nmi?: boolean
  /** Identity for choices and for removing it again. */
  source: object
  /** When it became pending. */
  sinceNs?: number
}

/** Units of the preempt counter, as the kernel lays it out. */
export const PREEMPT_OFFSET = 0x1
export const SOFTIRQ_OFFSET = 0x100
export const SOFTIRQ_DISABLE_OFFSET = 0x200
export const HARDIRQ_OFFSET = 0x10000
export const NMI_OFFSET = 0x100000
export const PREEMPT_MASK = 0xff
export const SOFTIRQ_MASK = 0xff00
export const HARDIRQ_MASK = 0xf0000
export const NMI_MASK = 0xf00000

/**
 * One processor: a stack of contexts (a task at the bottom, interrupts on top), a run queue and
 * the flags that decide what may come next.
 */
export class Cpu {
  readonly id: number
  /** The task whose context is at the bottom of `stack`; null when idle. */
  current: Task | null = null
  /** Innermost context last. `stack[0] === current` unless the CPU was interrupted while idle. */
  readonly stack: Exec[] = []
  readonly queue: Task[] = []
  /** Those that cannot be masked come first. */
  readonly interrupts: PendingInterrupt[] = []
  irqsOff = false
  preemptCount = 0
  /** A more urgent task waits: switch at the next preemptible point. */
  needResched = false
  /** In timed runs: when the operation it executes now will be over. */
  busyUntilNs = 0

  constructor(id: number) {
    this.id = id
  }

  get top(): Exec | null {
    return this.stack.length > 0 ? this.stack[this.stack.length - 1]! : null
  }

  get idle(): boolean {
    return this.stack.length === 0
  }
}

/** Interrupts are taken in tasks and softirqs with interrupts on; handlers never nest. */
function unmasked(cpu: Cpu): boolean {
  return !cpu.irqsOff && (cpu.top === null || cpu.top.kind === 'task' || cpu.top.kind === 'softirq')
}

/** Whether the CPU would take its first pending interrupt now; there must be one. */
export function canInterrupt(cpu: Cpu): boolean {
  if (unmasked(cpu)) return true
  return cpu.interrupts[0]!.nmi === true && cpu.top?.kind !== 'nmi'
}
