import { cpu, machine } from '../engine/current'
import { kernelCall, quiet } from '../kernel/api'
import * as w from '../kernel/irq/irq-work'

/** Brought along, as by the C header. */
export * from './smp'

/** Work in hardirq context: `linux/irq_work`. */

export const irq_work = w.irq_work
export type irq_work = w.irq_work

export { IRQ_WORK_HARD_IRQ, IRQ_WORK_LAZY } from '../kernel/irq/irq-work'

export function init_irq_work(work: irq_work, func: (work: irq_work) => void): void {
  work.func = func
  work.$pending = false
  work.$busyOn = null
}
/** An initialised item: `const w = IRQ_WORK_INIT(fn)`. */
export function IRQ_WORK_INIT(func: (work: irq_work) => void): irq_work {
  const work = new irq_work()
  init_irq_work(work, func)
  return work
}
export function IRQ_WORK_INIT_LAZY(func: (work: irq_work) => void): irq_work {
  const work = IRQ_WORK_INIT(func)
  work.flags = w.IRQ_WORK_LAZY
  return work
}
export function IRQ_WORK_INIT_HARD(func: (work: irq_work) => void): irq_work {
  const work = IRQ_WORK_INIT(func)
  work.flags = w.IRQ_WORK_HARD_IRQ
  return work
}
/** Queues it on this CPU; false when it is queued already. Any context, NMI included. */
export function irq_work_queue(work: irq_work): boolean {
  return w.irqWorks(machine()).queue(work, cpu())
}
export function irq_work_queue_on(work: irq_work, on: number): boolean {
  return w.irqWorks(machine()).queue(work, machine().cpus[on]!)
}
/** Waits until it is neither queued nor running. May sleep. */
export const irq_work_sync: (work: irq_work) => void = kernelCall('irq_work_sync', w.irqWorkSync)
export const irq_work_is_pending = quiet((work: irq_work): boolean => work.$pending)
export const irq_work_is_busy = quiet((work: irq_work): boolean => work.$busyOn !== null)
export const irq_work_is_hard = quiet(
  (work: irq_work): boolean => (work.flags & w.IRQ_WORK_HARD_IRQ) !== 0,
)
/** A static item: `const w = DEFINE_IRQ_WORK('w', fn)`. */
export function DEFINE_IRQ_WORK(_name: string, func: (work: irq_work) => void): irq_work {
  return IRQ_WORK_INIT(func)
}
