import { HARDIRQ_OFFSET, NMI_OFFSET } from '../engine/cpu'
import { now } from '../engine/current'
import { kernelCall } from '../kernel/api'
import { synchronizeIrq } from '../kernel/irq/manage'

/** Brought along, as by the C header. */
export * from './bottom_half'
export * from './preempt'

/** Interrupt context by hand: `linux/hardirq`. */

export { in_hardirq, in_interrupt, in_irq, in_nmi, in_softirq, in_task } from './preempt'

/** The code up to `nmi_exit` counts as running in an NMI: no lock may be waited for. */
export const nmi_enter = kernelCall('nmi_enter', (): void => {
  if (now.cpu !== null) now.cpu.preemptCount += NMI_OFFSET + HARDIRQ_OFFSET
})
export const nmi_exit = kernelCall('nmi_exit', (): void => {
  if (now.cpu !== null) now.cpu.preemptCount -= NMI_OFFSET + HARDIRQ_OFFSET
})
export const synchronize_irq = kernelCall('synchronize_irq', synchronizeIrq)
