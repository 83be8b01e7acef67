import type { Machine } from '../../engine/machine'
import type { PhysAddr } from '../../base/units'
import { physicalMemory } from '../mm/physical'
import { dmaMappings, type DmaDevice } from './mappings'

/**
 * A device's way to memory without an IOMMU: addresses are physical, and nothing stops it. What it
 * touches is compared with what it was told about; the access itself happens all the same.
 */
export interface DmaPort {
  /** Null when no memory answers at that address. */
  read(address: number, length: number): Uint8Array | null
  /** False when no memory answers at that address. */
  write(address: number, bytes: Uint8Array): boolean
}

export function directDmaPort(machine: Machine, device: DmaDevice): DmaPort {
  return {
    read(address, length) {
      judge(machine, device, address, length, false)
      const view = physicalMemory(machine).view(address as PhysAddr, length)
      return view === null ? null : view.slice()
    },
    write(address, bytes) {
      judge(machine, device, address, bytes.length, true)
      const view = physicalMemory(machine).view(address as PhysAddr, bytes.length)
      view?.set(bytes)
      return view !== null
    },
  }
}

function judge(
  machine: Machine,
  device: DmaDevice,
  address: number,
  length: number,
  write: boolean,
): void {
  const mappings = dmaMappings(machine)
  if (mappings.covering(device, address, length)) return
  mappings.on.stray.emit({ device, address, length, write }, mappings.former(device, address))
}
