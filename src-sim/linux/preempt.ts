import { kernelCall, quiet } from '../kernel/api'
import * as context from '../kernel/irq/context'
import { processorId } from '../kernel/sched/kthread'
import { migrateDisable, migrateEnable } from '../kernel/sched/policy'
import { preemptDisable, preemptEnable } from '../kernel/sched/schedule'

/** Brought along, as by the C header. */
export * from './cleanup'

/** Preemption and where the code runs: `linux/preempt`, with `linux/smp`. */

/**
 * This task stays on its CPU, and the CPU with it, until `preempt_enable`. Nests; must not sleep.
 */
export const preempt_disable = kernelCall('preempt_disable', preemptDisable)
export const preempt_enable = kernelCall('preempt_enable', preemptEnable)
export const preempt_enable_no_resched = kernelCall(
  'preempt_enable_no_resched',
  () => preemptEnable(),
)
/** The counter: preemption in the low byte, softirqs, hardirqs, NMIs above it. */
export const preempt_count = quiet(context.preemptCount)
/** Stays on this CPU, but may be preempted and may sleep. Nests. Pair: `migrate_enable`. */
export const migrate_disable = kernelCall('migrate_disable', migrateDisable)
export const migrate_enable = kernelCall('migrate_enable', migrateEnable)
export const in_task = quiet(context.inTask)
export const in_interrupt = quiet(context.inInterrupt)
export const in_hardirq = quiet(context.inHardirq)
/** Old name of `in_hardirq`. */
export const in_irq = in_hardirq
/** Serving a softirq, or softirqs disabled. */
export const in_softirq = quiet(context.inSoftirq)
export const in_serving_softirq = quiet(context.inServingSoftirq)
export const in_nmi = quiet(context.inNmi)
export const in_atomic = quiet(context.inAtomic)
export const preemptible = quiet(context.preemptible)
/** The CPU that executes this; meaningful while it cannot change. */
export const smp_processor_id = quiet(processorId)
export const raw_smp_processor_id = smp_processor_id
/** `preempt_disable` and the CPU. Pair: `put_cpu`. */
export const get_cpu = kernelCall('get_cpu', function (): number {
  preemptDisable()
  return processorId()
})
export const put_cpu = kernelCall('put_cpu', () => preemptEnable())
export { num_online_cpus } from './cpumask'
