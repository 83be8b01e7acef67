import { machine } from '../../engine/current'
import { quiet } from '../../kernel/api'
import { irq_chip, irqs, SETTINGS, type IrqData, type IrqDesc, type IrqFlow } from '../../kernel/irq/desc'
import { EINVAL } from '../errno'

/** What belongs to a line besides its interrupts. Part of `linux/irq`. */

type Flow = { readonly flow: IrqFlow }
const descOf = (irq: number): IrqDesc | null => irqs(machine()).get(irq) ?? null

export const no_irq_chip: irq_chip = new irq_chip('none')

/** 0, or -EINVAL without such a line. */
export function irq_set_chip(irq: number, chip: irq_chip | null): number {
  const desc = descOf(irq)
  if (!desc) return -EINVAL
  desc.chip = chip ?? no_irq_chip
  return 0
}
export function irq_set_handler(irq: number, handle: Flow): void {
  const desc = descOf(irq)
  if (desc) desc.flow = handle.flow
}
export function irq_set_chip_and_handler_name(
  irq: number, chip: irq_chip, handle: Flow, name: string,
): void {
  irq_set_chip(irq, chip)
  irq_set_handler(irq, handle)
  const desc = descOf(irq)
  if (desc) desc.name = name
}

export type irq_data = IrqData

export const irq_get_irq_data = quiet((irq: number): irq_data | null => descOf(irq)?.data ?? null)
export const irq_desc_get_irq_data = quiet((desc: IrqDesc): irq_data => desc.data)
export const irq_desc_get_irq = quiet((desc: IrqDesc): number => desc.irq)
export const irq_desc_get_chip = quiet((desc: IrqDesc): irq_chip | null => desc.chip)
export const irqd_to_hwirq = quiet((d: irq_data): number => d.hwirq)

export function irq_set_chip_data(irq: number, data: unknown): number {
  const desc = descOf(irq)
  if (!desc) return -EINVAL
  desc.data.chip_data = data
  return 0
}
export const irq_get_chip_data = quiet(<T = any>(irq: number): T | null => descOf(irq)?.data.chip_data ?? null)
export const irq_data_get_irq_chip_data = quiet(<T = any>(d: irq_data): T => d.chip_data)
export function irq_set_handler_data(irq: number, data: unknown): number {
  const desc = descOf(irq)
  if (!desc) return -EINVAL
  desc.handlerData = data
  return 0
}
export const irq_get_handler_data = quiet(
  <T = any>(irq: number): T | null => (descOf(irq)?.handlerData as T | undefined) ?? null,
)
export const irq_desc_get_handler_data = quiet(<T = any>(desc: IrqDesc): T => desc.handlerData as T)

const stateOf = (d: irq_data): IrqDesc | null => descOf(d.irq)
export const irqd_irq_disabled = quiet((d: irq_data): boolean => stateOf(d)?.disabled ?? true)
export const irqd_irq_masked = quiet((d: irq_data): boolean => stateOf(d)?.masked ?? true)
export const irqd_irq_inprogress = quiet((d: irq_data): boolean => stateOf(d)?.inProgress ?? false)
export const irq_desc_has_action = quiet((desc: IrqDesc | null): boolean => !!desc?.action)

export const IRQ_TYPE_NONE = 0
export const IRQ_TYPE_EDGE_RISING = 1
export const IRQ_TYPE_EDGE_FALLING = 2
export const IRQ_TYPE_EDGE_BOTH = 3
export const IRQ_TYPE_LEVEL_HIGH = 4
export const IRQ_TYPE_LEVEL_LOW = 8

/** Bits for `irq_set_status_flags`. */
export const IRQ_LEVEL = 1 << 8
export const IRQ_NOPROBE = 1 << 10
export const IRQ_NOREQUEST = SETTINGS.NOREQUEST
export const IRQ_NOAUTOEN = SETTINGS.NOAUTOEN
export const IRQ_NOTHREAD = 1 << 16
export const IRQ_DISABLE_UNLAZY = 1 << 19

/** IRQ_NOREQUEST refuses requests with -EINVAL, IRQ_NOAUTOEN leaves a requested line disabled. */
export function irq_modify_status(irq: number, clr: number, set: number): void {
  const desc = descOf(irq)
  if (desc) desc.settings = (desc.settings & ~clr) | set
}
export function irq_set_status_flags(irq: number, set: number): void {
  irq_modify_status(irq, 0, set)
}
export function irq_clear_status_flags(irq: number, clr: number): void {
  irq_modify_status(irq, clr, 0)
}
export function irq_set_noprobe(irq: number): void {
  irq_modify_status(irq, 0, IRQ_NOPROBE)
}
