import { quiet } from '../kernel/api'
import * as c from '../kernel/irq/context'
import { preemptDisable, preemptEnable } from '../kernel/sched/schedule'

/** Which context runs, and whether it may be switched: `linux/preempt`. */

/** The preempt counter of this CPU: 8 bits of nesting, 8 of softirqs, 4 of hardirqs, 4 of NMIs. */
export const preempt_count = quiet(c.preemptCount)
/** Task context: neither serving a softirq nor in a hardirq or NMI. */
export const in_task = quiet(c.inTask)
export const in_hardirq = quiet(c.inHardirq)
/** Old name of `in_hardirq`. */
export const in_irq = in_hardirq
/** Serving a softirq, or bottom halves disabled. */
export const in_softirq = quiet(c.inSoftirq)
export const in_serving_softirq = quiet(c.inServingSoftirq)
export const in_interrupt = quiet(c.inInterrupt)
export const in_nmi = quiet(c.inNmi)
/** Whether the counter forbids sleeping. It does not see RCU readers or disabled interrupts. */
export const in_atomic = quiet(c.inAtomic)
export const preemptible = quiet(c.preemptible)

/** Stays on this CPU until `preempt_enable`. Nests. Sleeping in between is a bug. */
export function preempt_disable(): void {
  preemptDisable()
}
export function preempt_enable(): void {
  preemptEnable()
}
