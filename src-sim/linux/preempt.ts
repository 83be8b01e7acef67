import { kernelCall, quiet } from '../kernel/api'
import { now } from '../engine/current'
import { ensure } from '../base/assert'
import * as context from '../kernel/irq/context'
import { processorId } from '../kernel/sched/kthread'
import { preemptDisable, preemptEnable } from '../kernel/sched/schedule'

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
/** Stays on this CPU, but may be preempted and may sleep. */
export const migrate_disable = kernelCall('migrate_disable', function (): void {
  const task = ensure(now.cpu?.current, 'migrate_disable without a task')
  task.affinity = 1 << task.cpu.id
})
export const migrate_enable = kernelCall('migrate_enable', function (): void {
  ensure(now.cpu?.current, 'migrate_enable without a task').affinity = -1
})
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
export const num_online_cpus = kernelCall('num_online_cpus', () =>
  ensure(now.machine, 'outside a machine').cpus.length,
)
