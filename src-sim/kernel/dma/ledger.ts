import type { DmaAddr, PhysAddr } from '../../base/units'
import { machine, now } from '../../engine/current'
import { physicalMemory } from '../mm/physical'
import { takeStack } from '../report'
import { kernelFunction } from '../sched/schedule'
import type { DmaDevice } from './dma-device'
import { dmaMappings, DmaMapping, type MappingUse } from './mappings'

/** Keeps the truth about who was told what: the ledger that accesses of devices are held against. */

const stackHere = (name: string) => takeStack(machine(), now.exec, kernelFunction(name))

/** A device has been told about memory. */
export function enter(use: MappingUse, cpu: Uint8Array | null, inside: string): DmaMapping {
  const mapping = new DmaMapping({
    type: use.type,
    device: use.device,
    dma: use.dma as DmaAddr,
    phys: use.phys as PhysAddr,
    size: use.size,
    direction: use.direction,
    cpu: cpu ?? physicalMemory(machine()).view(use.phys as PhysAddr, use.size) ?? new Uint8Array(0),
    mapped: stackHere(inside),
    entries: use.entries,
    attrs: use.attrs,
  })
  dmaMappings(machine()).live.push(mapping)
  return mapping
}

/** Tells the listeners about a mapping, after its event is in the trace. */
export function announce(mapping: DmaMapping): void {
  dmaMappings(machine()).on.map.emit(mapping)
}

/** The driver takes memory back; what was mapped there, if anything. */
export function leave(use: MappingUse, inside: string): DmaMapping | null {
  const mappings = dmaMappings(machine())
  const mapping = mappings.find(use.device, use.dma, use.size, use.type, use.direction)
  mappings.on.unmap.emit(use, mapping)
  if (mapping) mappings.end(mapping, stackHere(inside))
  return mapping
}

/** Memory changes hands; the mappings that it is part of. */
export function handOver(
  dev: DmaDevice, dma: number, size: number, forCpu: boolean,
): DmaMapping | null {
  const mappings = dmaMappings(machine())
  const found = mappings.containing(dev, dma, size)
  for (const mapping of found) {
    mapping.owner = forCpu ? 'cpu' : 'device'
    mappings.on.sync.emit(mapping, forCpu)
  }
  return found[0] ?? null
}
