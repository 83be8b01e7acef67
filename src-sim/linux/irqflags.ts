import { irqsDisabled } from '../kernel/irq/context'
import * as f from '../kernel/irq/irqflags'
import type { ptr } from './types'

/** Interrupts of this CPU: `linux/irqflags`. */

/** Stops taking interrupts on this CPU. Does not nest: see `local_irq_save`. */
export function local_irq_disable(): void {
  f.localIrqDisable()
}
export function local_irq_enable(): void {
  f.localIrqEnable()
}
/** Stops taking interrupts and keeps the old state in `flags`. Pair: `local_irq_restore`. */
export function local_irq_save(flags: ptr<number>): void {
  flags.value = f.localIrqSave()
}
export function local_irq_restore(flags: ptr<number> | number): void {
  f.localIrqRestore(typeof flags === 'number' ? flags : flags.value)
}
/** Whether this CPU takes no interrupts. */
export function irqs_disabled(): boolean {
  return irqsDisabled()
}
;(irqs_disabled as { $quiet?: true }).$quiet = true
