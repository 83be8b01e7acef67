import { quiet } from '../kernel/api'
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
/**
 * Stops taking interrupts and answers the state of before, which is also left in `flags` when that
 * is given: `const flags = local_irq_save()`. Pair: `local_irq_restore`.
 */
export function local_irq_save(flags?: ptr<number>): number {
  const state = f.localIrqSave()
  if (flags) flags.value = state
  return state
}
/** The state, without changing it. */
export function local_save_flags(flags?: ptr<number>): number {
  const state = irqsDisabled() ? 0 : f.IRQ_FLAG
  if (flags) flags.value = state
  return state
}
/** Whether `flags` stands for interrupts being off. */
export const irqs_disabled_flags = quiet((flags: number): boolean => (flags & f.IRQ_FLAG) === 0)
export function local_irq_restore(flags: ptr<number> | number): void {
  f.localIrqRestore(typeof flags === 'number' ? flags : flags.value)
}
/** Whether this CPU takes no interrupts. */
export function irqs_disabled(): boolean {
  return irqsDisabled()
}
;(irqs_disabled as { $quiet?: true }).$quiet = true
