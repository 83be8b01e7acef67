import { machine } from '../../engine/current'
import { dma_set_mask } from '../../trace/events'
import { emit } from '../emit'
import { EIO } from '../errno'
import { warn } from '../printk/warn'
import { backendOf, dmaBackends } from './backend'
import { isCoherent, maskOf, minNotZero, type DmaDevice } from './dma-device'

/**
 * DMA-04. On a machine without any IOMMU that could say no, a PCI device may have any mask: its
 * addresses lie where the mask of every model reaches.
 */
function supported(dev: DmaDevice, mask: number): boolean {
  if (dev.dma_ops && dev.dma_iommu)
    warn(machine(), 'dma-ops-and-iommu', 'kernel/dma/mapping.c at dma_supported', null)
  if (dev.bus?.name === 'pci' && dmaBackends(machine()).iommu === null) return mask > 0
  return backendOf(dev).supported(dev, mask)
}

const bits = (mask: number): number => (mask === Infinity ? 64 : Math.round(Math.log2(mask + 1)))

/** DMA-02. */
export function setMask(dev: DmaDevice, mask: number): number {
  const ok = dev.dma_mask != null && supported(dev, mask)
  if (ok) {
    dev.dma_mask = mask
    dev.dma_skip_sync = isCoherent(dev) && backendOf(dev).canSkipSync
  }
  emit(dma_set_mask, dev, bits(mask), false, ok ? 0 : -EIO)
  return ok ? 0 : -EIO
}

/** DMA-03. */
export function setCoherentMask(dev: DmaDevice, mask: number): number {
  const ok = supported(dev, mask)
  if (ok) dev.coherent_dma_mask = mask
  emit(dma_set_mask, dev, bits(mask), true, ok ? 0 : -EIO)
  return ok ? 0 : -EIO
}

export const requiredMaskOf = (dev: DmaDevice): number => backendOf(dev).requiredMask(dev)

/** DMA-07: some RAM is out of the device's reach. */
export function addressingLimited(dev: DmaDevice): boolean {
  const backend = backendOf(dev)
  if (minNotZero(maskOf(dev), dev.bus_dma_limit ?? 0) < backend.requiredMask(dev)) return true
  return backend.addressingLimited(dev)
}
