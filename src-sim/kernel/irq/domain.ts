import { machine } from '../../engine/current'
import { KernelObject } from '../../engine/object'
import { irqs, type IrqDesc } from './desc'
import { freeIrqs } from './lines'

/** What the driver of a controller does when a line of it gets a number, or loses it. */
export interface irq_domain_ops {
  map?: ((d: irq_domain, virq: number, hw: number) => number) | null
  unmap?: ((d: irq_domain, virq: number) => void) | null
}

/** The lines of one controller: their own numbers, and those that they have in the machine. */
export class irq_domain extends KernelObject {
  name = ''
  host_data: any = null
  ops: irq_domain_ops
  hwirq_max: number
  mapcount = 0
  /** @internal Number in the machine by the controller's own. */
  readonly $lines = new Map<number, number>()

  constructor(ops: irq_domain_ops, size: number, data: unknown) {
    super()
    this.ops = ops
    this.hwirq_max = size
    this.host_data = data
  }
}

/** The number of a line in the machine; 0: it has none. */
export const findMapping = (d: irq_domain, hw: number): number => d.$lines.get(hw) ?? 0

export const lineOf = (d: irq_domain, hw: number): IrqDesc | null =>
  irqs(machine()).get(findMapping(d, hw)) ?? null

/** Gives a line a number, unless it has one. 0: the controller has no such line. */
export function createMapping(d: irq_domain, hw: number): number {
  const known = findMapping(d, hw)
  if (known !== 0) return known
  if (hw < 0 || hw >= d.hwirq_max) return 0
  const m = machine()
  const virq = irqs(m).alloc(1, 'dummy', null, 'simple')
  const { data } = irqs(m).get(virq)!
  data.hwirq = hw
  data.domain = d
  const { map } = d.ops
  if (map && m.runtime.atomic<number>(map(d, virq, hw))) {
    freeIrqs(m, virq, 1)
    return 0
  }
  d.$lines.set(hw, virq)
  d.mapcount++
  return virq
}

/** Takes the number of a line away again. */
export function disposeMapping(virq: number): void {
  const m = machine()
  const data = irqs(m).get(virq)?.data
  const d = data?.domain as irq_domain | null | undefined
  if (!data || !d) return
  if (d.ops.unmap) m.runtime.atomic(d.ops.unmap(d, virq))
  d.$lines.delete(data.hwirq)
  d.mapcount--
  freeIrqs(m, virq, 1)
}
