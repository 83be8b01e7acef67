import { machine } from '../../engine/current'
import { deviceLog, driverString } from '../base/core'
import type { device } from '../base/device'
import { DMA_BIDIRECTIONAL, DMA_FROM_DEVICE, DMA_TO_DEVICE } from '../dma/direction'
import { ATTR } from '../dma/attrs'
import { DMA_MAPPING_ERROR, isCoherent, MASK_32, minNotZero } from '../dma/dma-device'
import { warn } from '../printk/warn'
import { IOMMU_CACHE, IOMMU_MMIO, IOMMU_PRIV, IOMMU_READ, IOMMU_WRITE, type iommu_domain } from './domain'
import { dmaOf, type DomainDma } from './dma-domain'
import { iommu_iotlb_gather } from './gather'
import type { IovaDomain } from './iova'
import { iotlbSync, mapRange, unmapFast } from './map'
import { warnOnce } from './warn-once'

/** Addresses of one domain for the DMA API: taking, mapping, unmapping, giving back. */

/** The DMA side of the group's default domain: what a map call edits, attached or not (DMA-58). */
export interface DmaPath {
  domain: iommu_domain
  dma: DomainDma
  iova: IovaDomain
}

/** A device whose group has gone in the middle of a call dereferences NULL (DMA-60). */
export function pathOf(dev: device): DmaPath {
  const domain = dev.iommu_group!.default_domain!
  const dma = dmaOf(domain)!
  return { domain, dma, iova: dma.iova! }
}

export const warnDma = (what: string, func: string, rule: string): void =>
  warn(machine(), `iommu-${what}`, `drivers/iommu/dma-iommu.c at ${func}`, null, {
    rules: [rule],
    help: 'dma-lifetime',
  })

const DIRECTION_PROT: Readonly<Record<number, number>> = {
  [DMA_BIDIRECTIONAL]: IOMMU_READ | IOMMU_WRITE,
  [DMA_TO_DEVICE]: IOMMU_READ,
  [DMA_FROM_DEVICE]: IOMMU_WRITE,
}

/** DMA-20: what the device may do there. */
export function protOf(dev: device, direction: number, attrs: number): number {
  let prot = DIRECTION_PROT[direction] ?? 0
  if (attrs & ATTR.MMIO) prot |= IOMMU_MMIO
  else if (isCoherent(dev)) prot |= IOMMU_CACHE
  if (attrs & ATTR.PRIVILEGED) prot |= IOMMU_PRIV
  return prot
}

function bitsOf(mask: number): number {
  let bits = 0
  for (let rest = mask; rest >= 1 && bits < 64; rest /= 2) bits++
  return bits
}

/** The limits of device, bus and domain; addresses of PCI devices below 4 GiB first (IOMMU-18). */
export function allocIova({ domain, iova }: DmaPath, size: number, mask: number, dev: device): number {
  const { granule } = iova
  const pages = size / granule
  let limit = minNotZero(mask, dev.bus_dma_limit ?? 0)
  if (domain.geometry.force_aperture) limit = Math.min(limit, domain.geometry.aperture_end)
  if (limit > MASK_32 && dev.iommu?.pci_32bit_workaround) {
    const low = iova.alloc(pages, Math.floor(MASK_32 / granule), false)
    if (low) return low * granule
    dev.iommu.pci_32bit_workaround = false
    deviceLog(dev, 5, `Using ${bitsOf(limit)}-bit DMA addresses`)
  }
  return iova.alloc(pages, Math.floor(limit / granule), true) * granule
}

/** At once, or after the next flush when the translations are to be flushed later. */
export function freeIova(path: DmaPath, address: number, size: number, queued: boolean): void {
  const { granule } = path.iova
  const [pfn, pages] = [Math.floor(address / granule), size / granule]
  if (queued) path.dma.queue!.add(pfn, pages)
  else path.iova.free(pfn, pages)
}

export const alignUp = (size: number, granule: number): number => Math.ceil(size / granule) * granule

/** Attaches what still runs on the tables of the kernel before this one (IOMMU-15). */
export function deferredAttach(dev: device, domain: iommu_domain): boolean {
  if (!dev.iommu!.attach_deferred) return true
  if (dev.iommu_group!.$devices.some((member) => member.dev === dev && member.resets > 0))
    return false
  dev.iommu!.attach_deferred = false
  const attach = domain.ops?.attach_dev
  return !attach || machine().runtime.atomic<number>(attach(domain, dev, null)) === 0
}

/** `__iommu_dma_map`: whole granules around the memory. The device's address, or -1. */
export function mapForDevice(dev: device, phys: number, size: number, prot: number, mask: number): number {
  const path = pathOf(dev)
  const { granule } = path.iova
  if (!deferredAttach(dev, path.domain)) return DMA_MAPPING_ERROR
  if ((dev.dma_parms?.min_align_mask ?? 0) > granule - 1) {
    const text = `${driverString(dev)} ${dev.$label}: Unsupported alignment constraint`
    warnOnce('alignment', 'drivers/iommu/dma-iommu.c at __iommu_dma_map', 'DMA-19', text)
    return DMA_MAPPING_ERROR
  }
  const offset = phys % granule
  const length = alignUp(size + offset, granule)
  const address = allocIova(path, length, mask, dev)
  if (!address) return DMA_MAPPING_ERROR
  const mapped = mapRange(path.domain, address, phys - offset, length, prot)
  if (machine().runtime.atomic<number>(mapped) === 0) return address + offset
  freeIova(path, address, length, false)
  return DMA_MAPPING_ERROR
}

/** `__iommu_dma_unmap`: the entries go, then the TLB's, now or later, then the address (IOMMU-20). */
export function unmapForDevice(dev: device, dma: number, size: number): void {
  const path = pathOf(dev)
  const { granule } = path.iova
  const offset = dma % granule
  const length = alignUp(size + offset, granule)
  const gather = new iommu_iotlb_gather()
  const { runtime } = machine()
  gather.queued = path.dma.queue !== null
  const done = runtime.atomic<number>(unmapFast(path.domain, dma - offset, length, gather))
  if (done !== length) warnDma('unmap-size', '__iommu_dma_unmap', 'DMA-22')
  if (!gather.queued) runtime.atomic<void>(iotlbSync(path.domain, gather))
  freeIova(path, dma - offset, length, gather.queued)
}
