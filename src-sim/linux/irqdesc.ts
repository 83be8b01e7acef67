import { machine } from '../engine/current'
import type { Sim } from '../engine/suspend'
import { kernelCall } from '../kernel/api'
import { irqs, type IrqDesc } from '../kernel/irq/desc'
import { handleFlow } from '../kernel/irq/handle'
import { localIrqRestore, localIrqSave } from '../kernel/irq/irqflags'
import { freeIrqs } from '../kernel/irq/lines'

/** Interrupt descriptors, for code that makes its own lines: `linux/irqdesc`. */

export const NUMA_NO_NODE = -1

/** Makes a line without a chip; answers its number. Pair: `irq_free_desc`. */
export function irq_alloc_desc(_node: number): number {
  return irqs(machine()).alloc(1, 'dummy', null, 'simple')
}
export function irq_alloc_descs(_irq: number, _from: number, cnt: number, _node: number): number {
  return irqs(machine()).alloc(cnt, 'dummy', null, 'simple')
}
export function irq_free_desc(irq: number): void {
  freeIrqs(machine(), irq, 1)
}
export function irq_free_descs(from: number, cnt: number): void {
  freeIrqs(machine(), from, cnt)
}
export function irq_to_desc(irq: number): IrqDesc | null {
  return irqs(machine()).get(irq) ?? null
}

function* run(desc: IrqDesc): Sim<number> {
  const flags = localIrqSave()
  yield* handleFlow(desc)
  localIrqRestore(flags)
  return 0
}

/** Handles an interrupt of line `irq` here and now, interrupts off. 0, or -22 without a line. */
export const generic_handle_irq_safe: (irq: number) => number = kernelCall(
  'generic_handle_irq_safe',
  (irq: number) => {
    const desc = irqs(machine()).get(irq)
    return desc ? run(desc) : -22
  },
)
/** As `generic_handle_irq_safe`; for callers that have interrupts off. */
export const generic_handle_irq = generic_handle_irq_safe

