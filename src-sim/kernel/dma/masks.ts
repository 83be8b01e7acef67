import { machine } from '../../engine/current'
import { dma_set_mask } from '../../trace/events'
import { emit } from '../emit'
import { EIO } from '../errno'
import { physicalMemory } from '../mm/physical'
import type { DmaDevice } from './mappings'

const MASK_32 = 0xffff_ffff

/** The mask that reaches all of RAM. */
export function requiredMask(): number {
  let mask = 1
  while (mask < physicalMemory(machine()).limit) mask *= 2
  return mask - 1
}

/**
 * DMA-04: a mask of 32 bits and more always will do, a smaller one if it reaches all of RAM. A PCI
 * device may have any: it stands behind an IOMMU, whose addresses here equal the physical ones.
 */
function supported(device: DmaDevice, mask: number): boolean {
  if (device.bus?.name === 'pci') return mask > 0
  return mask >= Math.min(MASK_32, requiredMask())
}

const bits = (mask: number): number => (mask === Infinity ? 64 : Math.round(Math.log2(mask + 1)))

export function setMask(device: DmaDevice, mask: number): number {
  const ok = device.dma_mask != null && supported(device, mask)
  if (ok) device.dma_mask = mask
  emit(dma_set_mask, device, bits(mask), false, ok ? 0 : -EIO)
  return ok ? 0 : -EIO
}

export function setCoherentMask(device: DmaDevice, mask: number): number {
  const ok = supported(device, mask)
  if (ok) device.coherent_dma_mask = mask
  emit(dma_set_mask, device, bits(mask), true, ok ? 0 : -EIO)
  return ok ? 0 : -EIO
}

/** DMA-07: some RAM is out of the device's reach. */
export const addressingLimited = (device: DmaDevice): boolean =>
  (device.dma_mask || MASK_32) < requiredMask()
