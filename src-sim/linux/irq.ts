import { machine } from '../engine/current'
import { irqs, irq_chip, type IrqFlow } from '../kernel/irq/desc'

/** Brought along, as by the C header. */
export * from './cpumask'
export * from './spinlock'

/** For code that drives interrupt controllers: `linux/irq`. */

export { irq_chip } from '../kernel/irq/desc'
export * from './irqdesc'

/** A controller that has nothing to do. */
export const dummy_irq_chip: irq_chip = new irq_chip('dummy')

const flow = (kind: IrqFlow): { readonly flow: IrqFlow } => ({ flow: kind })
/** Flow handlers: how interrupts of a line are taken. */
export const handle_simple_irq = flow('simple')
export const handle_edge_irq = flow('edge')
export const handle_level_irq = flow('level')
export const handle_fasteoi_irq = flow('level')

/** Gives a line its controller and its flow handler. */
export function irq_set_chip_and_handler(
  irq: number,
  chip: irq_chip,
  handle: { readonly flow: IrqFlow },
): void {
  const desc = irqs(machine()).get(irq)
  if (!desc) return
  desc.chip = chip
  desc.flow = handle.flow
}
export * from './irq/lines'
