import type { Machine } from '../../engine/machine'
import { service } from '../../engine/service'
import { dmaMappings, type DmaMapping } from '../../kernel/dma/mappings'
import { freedPageAt } from '../../kernel/mm/page-alloc'
import { slab, type Allocation } from '../../kernel/mm/slab'

/** Memory that its owner freed while a device still had it. */
const freedUnder = service(() => new WeakMap<DmaMapping, Allocation>())

export function freedMemory(machine: Machine, mapping: DmaMapping): Allocation | null {
  const known = freedUnder(machine).get(mapping)
  if (known) return known
  const record = freedPageAt(mapping.phys)?.$record
  return record?.freed ? record : null
}

export function watchFreedMemory(machine: Machine): void {
  slab(machine).on.free.add((allocation) => {
    const start = allocation.physical
    if (start === null) return
    for (const mapping of dmaMappings(machine).live) {
      const apart =
        mapping.phys >= start + allocation.bytes || mapping.phys + mapping.size <= start
      if (!apart) freedUnder(machine).set(mapping, allocation)
    }
  })
}
