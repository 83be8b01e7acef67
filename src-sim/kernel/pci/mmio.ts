import { machine as currentMachine } from '../../engine/current'
import { TaskDeath } from '../../engine/exec'
import { service } from '../../engine/service'
import { mmio_read, mmio_write } from '../../trace/events'
import { emit } from '../emit'
import { report } from '../report'

/** Something that answers at addresses: a BAR of a device. */
export interface MmioTarget {
  /** For the trace. */
  object: object
  read(offset: number, size: number): number
  write(offset: number, size: number, value: number): void
}

interface Mapping {
  base: number
  size: number
  target: MmioTarget
}

const MMIO_BASE = 0xc_9000_0000_0000

/**
 * The kernel's view of device registers: each ioremap gets addresses of its own that are never
 * reused, so that an access through a mapping that is gone cannot hit a later one.
 */
export class MmioSpace {
  #mappings: Mapping[] = []
  #last: Mapping | null = null
  #next = MMIO_BASE

  map(target: MmioTarget, size: number): number {
    const base = this.#next
    this.#next += Math.ceil((size + 4096) / 65536) * 65536
    this.#mappings.push({ base, size, target })
    return base
  }

  unmap(address: number): boolean {
    const at = this.#mappings.findIndex((m) => m.base === address)
    if (at < 0) return false
    this.#mappings.splice(at, 1)
    this.#last = null
    return true
  }

  find(address: number): Mapping | null {
    const last = this.#last
    if (last && address >= last.base && address < last.base + last.size) return last
    for (const m of this.#mappings)
      if (address >= m.base && address < m.base + m.size) return (this.#last = m)
    return null
  }
}

export const mmioSpace = service(() => new MmioSpace())

export function mmioRead(address: number, size: number): number {
  const m = mmioSpace(currentMachine()).find(address)
  if (!m) return fault(address, 'read')
  const value = m.target.read(address - m.base, size)
  emit(mmio_read, m.target.object, 0, address - m.base, size, value)
  return value
}

export function mmioWrite(address: number, size: number, value: number): void {
  const m = mmioSpace(currentMachine()).find(address)
  if (!m) {
    fault(address, 'write')
    return
  }
  emit(mmio_write, m.target.object, 0, address - m.base, size, value)
  m.target.write(address - m.base, size, value)
}

/** No mapping there: a page fault in kernel mode ends the task. */
function fault(address: number, what: 'read' | 'write'): never {
  const text = typeof address === 'number' ? address.toString(16).padStart(16, '0') : String(address)
  report(currentMachine(), {
    kind: 'mmio.fault',
    title: `BUG: unable to handle page fault for address: ${text}`,
    details: [`#PF: supervisor ${what} access in kernel mode`, 'The registers are not mapped (any more).'],
    rules: ['DM-46'],
    help: 'mmio-lifetime',
  })
  throw new TaskDeath('page fault')
}
