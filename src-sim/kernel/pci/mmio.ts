import { machine as currentMachine } from '../../engine/current'
import { TaskDeath } from '../../engine/exec'
import { service } from '../../engine/service'
import { mmio_read, mmio_write } from '../../trace/events'
import { emit } from '../emit'
import { allOnes, busSpace } from '../platform/bus-space'
import { hex16 } from '../printk/format'
import { report, takeStack, type ReportStack } from '../report'
import type { RawStack } from '../../engine/finding'

interface Mapping {
  base: number
  size: number
  /** The physical address behind `base`. */
  phys: number
  /** The device it was made for, for messages. */
  object: object | null
  mapped: RawStack
  unmapped: RawStack | null
}

const MMIO_BASE = 0xc_9000_0000_0000
const GAP = 65536

/**
 * The kernel's view of device registers: each ioremap gets addresses of its own that are never
 * reused, so that an access through a mapping that is gone cannot hit a later one.
 */
export class MmioSpace {
  readonly #live: Mapping[] = []
  readonly #gone: Mapping[] = []
  #last: Mapping | null = null
  #next = MMIO_BASE

  map(phys: number, size: number, object: object | null = null): number {
    const base = this.#next
    this.#next += Math.ceil((size + 4096) / GAP) * GAP
    const mapped = takeStack(currentMachine())
    this.#live.push({ base, size, phys, object, mapped, unmapped: null })
    return base
  }

  /** The mapping that has ended, or null when there is none at this address. */
  unmap(address: number): { object: object | null } | null {
    const at = this.#live.findIndex((m) => m.base === address)
    if (at < 0) return null
    const [mapping] = this.#live.splice(at, 1)
    mapping!.unmapped = takeStack(currentMachine())
    this.#gone.push(mapping!)
    this.#last = null
    return mapping!
  }

  find(address: number): Mapping | null {
    const last = this.#last
    if (last && address >= last.base && address < last.base + last.size) return last
    for (const m of this.#live)
      if (address >= m.base && address < m.base + m.size) return (this.#last = m)
    return null
  }

  /** What was mapped at an address before. */
  former(address: number): Mapping | null {
    return this.#gone.find((m) => address >= m.base && address < m.base + m.size) ?? null
  }
}

export const mmioSpace = service(() => new MmioSpace())

export function mmioRead(address: number, size: number): number {
  const m = currentMachine()
  const mapping = mmioSpace(m).find(address)
  if (!mapping) return fault(address, 'read')
  const phys = mapping.phys + address - mapping.base
  const region = busSpace(m).find(phys)
  const value = region?.answers() ? region.read(phys - region.start, size) : allOnes(size)
  const object = region?.object ?? mapping.object
  emit(mmio_read, object, region?.bar ?? 0, address - mapping.base, size, value)
  return value
}

export function mmioWrite(address: number, size: number, value: number): void {
  const m = currentMachine()
  const mapping = mmioSpace(m).find(address)
  if (!mapping) {
    fault(address, 'write')
    return
  }
  const phys = mapping.phys + address - mapping.base
  const region = busSpace(m).find(phys)
  emit(
    mmio_write,
    region?.object ?? mapping.object,
    region?.bar ?? 0,
    address - mapping.base,
    size,
    value,
  )
  if (region?.answers()) region.write(phys - region.start, size, value)
}

/** No mapping there: a page fault in kernel mode ends the task (DM-95). */
function fault(address: number, what: 'read' | 'write'): never {
  const m = currentMachine()
  const former = typeof address === 'number' ? mmioSpace(m).former(address) : null
  const text = typeof address === 'number' ? hex16(address) : String(address)
  const stacks: ReportStack[] = []
  if (former) stacks.push({ role: 'mapped', stack: former.mapped })
  if (former?.unmapped) stacks.push({ role: 'unmapped', stack: former.unmapped })
  report(m, {
    kind: 'mmio.fault',
    title: `BUG: unable to handle page fault for address: ${text}`,
    details: [
      `#PF: supervisor ${what} access in kernel mode`,
      former ? 'The registers are not mapped any more.' : 'No registers were ever mapped there.',
    ],
    stacks,
    objects: former?.object ? [former.object] : [],
    rules: ['DM-95'],
    help: 'mmio-lifetime',
  })
  throw new TaskDeath('page fault')
}
