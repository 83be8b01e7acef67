import { ensure } from '../../base/assert'
import type { Machine } from '../../engine/machine'
import { irq_raise } from '../../trace/events'
import { emit } from '../emit'
import { warn } from '../printk/warn'
import { irqs, type IrqDesc } from './desc'
import { handleIrq } from './handle'

/** Where interrupts come from: what device models and bus code use. */

/**
 * Makes `n` interrupt lines for a device and answers the number of the first. `msi` lines are
 * messages (edges); `intx` lines are wires that several devices may pull (levels).
 */
export function allocIrqs(
  machine: Machine,
  n: number,
  name: string,
  kind: 'msi' | 'intx' = 'msi',
): number {
  const all = irqs(machine)
  return kind === 'msi'
    ? all.alloc(n, name, all.msiChip, 'edge')
    : all.alloc(n, name, all.legacyChip, 'level')
}

/** Takes lines away again, registered handlers or not: they will not be called any more. */
export function freeIrqs(machine: Machine, first: number, n: number): void {
  const all = irqs(machine)
  for (let irq = first; irq < first + n; irq++) {
    const desc = all.get(irq)
    if (!desc) continue
    if (desc.action !== null)
      warn(
        machine,
        'remove-proc-entry',
        'fs/proc/generic.c:747 at remove_proc_entry',
        `remove_proc_entry: removing non-empty directory 'irq/${irq}', ` +
          `leaking at least '${desc.action.name}'`,
        { rules: ['IRQ-15'], objects: [desc.action] },
      )
    desc.masked = true
    desc.depth++
    desc.sources.clear()
    withdraw(machine, desc)
    all.descs.delete(irq)
  }
}

/** A device sends a message, or pulses its line. Works for lines that are gone: nothing happens. */
export function raiseIrq(machine: Machine, irq: number, device: object | null = null): void {
  const desc = irqs(machine).get(irq)
  if (!desc) return
  emit(irq_raise, desc, irq, device)
  if (desc.masked) desc.latched = desc.action !== null
  else deliver(machine, desc)
}

/** A device pulls a level line (`asserted`) or lets go of it. */
export function setLevel(machine: Machine, irq: number, source: object, asserted: boolean): void {
  const desc = irqs(machine).get(irq)
  if (!desc) return
  if (!asserted) {
    desc.sources.delete(source)
    if (desc.sources.size === 0) withdraw(machine, desc)
    return
  }
  if (desc.sources.has(source)) return
  desc.sources.add(source)
  emit(irq_raise, desc, irq, source)
  if (!desc.masked) deliver(machine, desc)
}

/** Whether any device pulls the line. */
export const levelOf = (machine: Machine, irq: number): boolean =>
  ensure(irqs(machine).get(irq), 'no such line').sources.size > 0

/** Brings the interrupt to its CPU, where it is latched once however often it comes. */
export function deliver(machine: Machine, desc: IrqDesc): void {
  const { cpu } = desc
  if (cpu.interrupts.some((i) => i.source === desc)) return
  machine.interrupt(cpu, {
    name: `irq ${desc.irq}`,
    source: desc,
    start: () => handleIrq(desc),
  })
}

function withdraw(machine: Machine, desc: IrqDesc): void {
  for (const cpu of machine.cpus) {
    const at = cpu.interrupts.findIndex((i) => i.source === desc)
    if (at >= 0) cpu.interrupts.splice(at, 1)
  }
}

/** Lets the line through again, with whatever came in the meantime. */
export function unmask(machine: Machine, desc: IrqDesc): void {
  desc.masked = false
  if (desc.latched || desc.sources.size > 0) deliver(machine, desc)
  desc.latched = false
}
