import { Hook } from '../../base/disposable'
import type { Machine } from '../../engine/machine'
import { service } from '../../engine/service'
import type { DmaPort } from '../dma/port'
import { allOnes, busSpace, type BusRegion } from '../platform/bus-space'
import { redirects } from './acs'
import { rootForwards } from './p2pdma-route'
import { pci_dev } from './pci-dev'

/**
 * What switches do with the requests of a device: an address in a BAR of a neighbour goes straight
 * there, before any IOMMU sees it, unless access control sends everything up to the root first.
 */

/** A request of a device that ended at another device. */
export interface PeerAccess {
  /** The PCI device, or its general part. */
  device: object
  target: pci_dev
  address: number
  length: number
  write: boolean
  /** Nobody answered there: reads give all ones, writes vanish. */
  dead: boolean
}

/** Who listens to what devices say to each other. */
export const peerTraffic = service(() => ({ on: { access: new Hook<[PeerAccess]>() } }))

/** No port on the way of both up to where they meet sends traffic on to the root. */
function switched(from: pci_dev, to: pci_dev): boolean {
  for (let a: pci_dev | null = from; a !== null; a = a.bus?.self ?? null) {
    if (redirects(a)) return false
    for (let b: pci_dev | null = to; b !== null; b = b.bus?.self ?? null) {
      if (redirects(b)) break
      if (a === b) return true
    }
  }
  return false
}

/** The BAR of a neighbour that a switch leads to; null: the request goes up to the root. */
function neighbourAt(machine: Machine, pdev: pci_dev, address: number): BusRegion | null {
  const region = busSpace(machine).find(address)
  const target = region?.object
  if (!(target instanceof pci_dev) || target === pdev || !pdev.bus?.self) return null
  return switched(pdev, target) ? region : null
}

/** The widest access that fits at an offset. */
const widthAt = (offset: number, left: number): number =>
  offset % 4 === 0 && left >= 4 ? 4 : offset % 2 === 0 && left >= 2 ? 2 : 1

function readRegion(region: BusRegion, offset: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length)
  const alive = region.answers()
  for (let at = 0; at < length; ) {
    const width = widthAt(offset + at, length - at)
    const value = alive ? region.read(offset + at, width) : allOnes(width)
    for (let i = 0; i < width; i++) bytes[at + i] = value >>> (8 * i)
    at += width
  }
  return bytes
}

function writeRegion(region: BusRegion, offset: number, bytes: Uint8Array): void {
  if (!region.answers()) return
  for (let at = 0; at < bytes.length; ) {
    const width = widthAt(offset + at, bytes.length - at)
    let value = 0
    for (let i = width - 1; i >= 0; i--) value = value * 256 + bytes[at + i]!
    region.write(offset + at, width, value)
    at += width
  }
}

function tell(
  machine: Machine, device: object, region: BusRegion, address: number, length: number,
  write: boolean,
): void {
  const target = region.object
  if (!(target instanceof pci_dev)) return
  const dead = !region.answers()
  peerTraffic(machine).on.access.emit({ device, target, address, length, write, dead })
}

/** A device's way to memory with its neighbours on it; everything else goes `upstream`. */
export function peerPort(machine: Machine, device: pci_dev, upstream: DmaPort): DmaPort {
  return {
    read(address, length, pasid) {
      const region = pasid ? null : neighbourAt(machine, device, address)
      if (!region) return upstream.read(address, length, pasid)
      tell(machine, device, region, address, length, false)
      return readRegion(region, address - region.start, length)
    },
    write(address, bytes, pasid) {
      const region = pasid ? null : neighbourAt(machine, device, address)
      if (!region) return upstream.write(address, bytes, pasid)
      tell(machine, device, region, address, bytes.length, true)
      writeRegion(region, address - region.start, bytes)
      return true
    },
  }
}

/** The BAR that a request which has come through the root ends at, if the root forwards at all. */
const behindRoot = (machine: Machine, phys: number): BusRegion | null =>
  rootForwards() ? busSpace(machine).find(phys) : null

export function readThroughRoot(
  machine: Machine, device: object, phys: number, length: number,
): Uint8Array | null {
  const region = behindRoot(machine, phys)
  if (!region) return null
  tell(machine, device, region, phys, length, false)
  return readRegion(region, phys - region.start, length)
}

export function writeThroughRoot(
  machine: Machine, device: object, phys: number, bytes: Uint8Array,
): boolean {
  const region = behindRoot(machine, phys)
  if (!region) return false
  tell(machine, device, region, phys, bytes.length, true)
  writeRegion(region, phys - region.start, bytes)
  return true
}
