import type { PhysAddr } from '../../base/units'
import type { Machine } from '../../engine/machine'
import { physicalMemory } from '../mm/physical'
import { readThroughRoot, writeThroughRoot } from '../pci/peer-port'
import { dmaBackends, type DmaPort, type TranslatedPiece } from './backend'
import { cpuCache } from './cache'
import { deviceReads, deviceWrites } from './direction'
import { dmaPlatform, type DmaDevice } from './dma-device'
import { dmaMappings, type DmaMapping } from './mappings'

export type { DmaPort } from './backend'

/**
 * Addresses go through the translator of the device if it has one, else they are physical. What
 * gets through is compared with what the device was told about; addresses of a process (with a
 * PASID) it needs not be told.
 */
export function dmaPort(machine: Machine, device: DmaDevice): DmaPort {
  return {
    read(address, length, pasid = 0) {
      const pieces = route(machine, device, address, length, false, pasid)
      if (!pieces) return null
      if (!pasid) judge(machine, device, address, length, false)
      return readAll(machine, device, pieces, length)
    },
    write(address, bytes, pasid = 0) {
      const pieces = route(machine, device, address, bytes.length, true, pasid)
      if (!pieces) return false
      if (!pasid) judge(machine, device, address, bytes.length, true)
      return writeAll(machine, device, pieces, bytes)
    },
  }
}

function route(
  machine: Machine, device: DmaDevice, address: number, length: number, write: boolean,
  pasid: number,
): readonly TranslatedPiece[] | null {
  const translator = dmaBackends(machine).translatorOf?.(device)
  if (translator) return translator.translate(device, address, length, write, pasid)
  return [{ phys: busToPhys(device, address), length }]
}

/** No memory answers there. */
const NOWHERE = -1

/**
 * What the board makes of a bus address. The ranges are a property of the board; the device
 * structure has them only while a driver is bound.
 */
function busToPhys(device: DmaDevice, address: number): number {
  const ranges = device.$busRanges
  if (!ranges) return address
  for (const r of ranges)
    if (address >= r.dmaStart && address < r.dmaStart + r.size)
      return address - r.dmaStart + r.cpuStart
  return NOWHERE
}

function readAll(
  machine: Machine, device: DmaDevice, pieces: readonly TranslatedPiece[], length: number,
): Uint8Array | null {
  const bytes = new Uint8Array(length)
  let at = 0
  for (const { phys, length: part } of pieces) {
    const seen =
      cpuCache(machine).read(phys, part) ??
      physicalMemory(machine).view(phys as PhysAddr, part) ??
      readThroughRoot(machine, device, phys, part)
    if (!seen) return null
    bytes.set(seen, at)
    at += part
  }
  return bytes
}

function writeAll(
  machine: Machine, device: DmaDevice, pieces: readonly TranslatedPiece[], bytes: Uint8Array,
): boolean {
  const coherent = device.dma_coherent ?? dmaPlatform(machine).coherent
  let at = 0
  for (const { phys, length } of pieces) {
    const part = bytes.subarray(at, at + length)
    at += length
    if (cpuCache(machine).write(phys, part, coherent)) continue
    const view = physicalMemory(machine).view(phys as PhysAddr, length)
    if (view) view.set(part)
    else if (!writeThroughRoot(machine, device, phys, part)) return false
  }
  return true
}

/** It sees a domain that somebody has filled by hand: the DMA API knows nothing of that. */
function ownTranslation(device: DmaDevice): boolean {
  const group = device.iommu_group
  return group ? group.domain !== group.default_domain : false
}

function judge(
  machine: Machine, device: DmaDevice, address: number, length: number, write: boolean,
): void {
  if (ownTranslation(device)) return
  const mappings = dmaMappings(machine)
  if (mappings.on.access.listened)
    mappings.on.access.emit(
      { device, address, length, write },
      covering(mappings.containing(device, address, length), write),
    )
}

/** Of several mappings that cover an access the one that allows it. */
function covering(found: readonly DmaMapping[], write: boolean): DmaMapping | null {
  const allows = write ? deviceWrites : deviceReads
  return found.find((m) => allows(m.direction)) ?? found[0] ?? null
}
