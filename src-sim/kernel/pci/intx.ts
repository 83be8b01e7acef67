import type { Machine } from '../../engine/machine'
import { service } from '../../engine/service'
import { allocIrqs, freeIrqs } from '../irq/lines'
import type { Slot } from './config'

/** Interrupt lines that several slots are wired to, by the name that the machine gives them. */
const wiring = service(() => new Map<string, { irq: number; users: number }>())

/** The line that INTx of a slot's function arrives on; the slot's own unless it is wired otherwise. */
export function takeIntx(machine: Machine, slot: Slot): number {
  const { line } = slot
  if (line === null) return allocIrqs(machine, 1, `INTx ${slot.name}`, 'intx')
  const lines = wiring(machine)
  let shared = lines.get(line)
  if (shared === undefined) {
    shared = { irq: allocIrqs(machine, 1, `INTx ${line}`, 'intx'), users: 0 }
    lines.set(line, shared)
  }
  shared.users++
  return shared.irq
}

/** The function is gone; a line goes with its last user. */
export function putIntx(machine: Machine, slot: Slot, irq: number): void {
  const { line } = slot
  const shared = line === null ? undefined : wiring(machine).get(line)
  if (line !== null && shared !== undefined) {
    if (--shared.users > 0) return
    wiring(machine).delete(line)
  }
  freeIrqs(machine, irq, 1)
}
