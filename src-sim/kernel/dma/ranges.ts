import { PAGE_SIZE } from '../../base/units'
import { DMA_MAPPING_ERROR, type DmaDevice } from './dma-device'

export const pageAligned = (size: number): number =>
  Math.max(1, Math.ceil(size / PAGE_SIZE)) * PAGE_SIZE

/** Where the device finds a physical address; -1: nowhere. */
export function physToDma(dev: DmaDevice, phys: number): number {
  const ranges = dev.dma_range_map
  if (!ranges) return phys
  for (const r of ranges)
    if (phys >= r.cpuStart && phys - r.cpuStart < r.size) return phys - r.cpuStart + r.dmaStart
  return DMA_MAPPING_ERROR
}

/** The way back; without the ranges of a bound device it is another place (DMA-59). */
export function dmaToPhys(dev: DmaDevice, dma: number): number {
  const ranges = dev.dma_range_map
  if (!ranges) return dma
  for (const r of ranges)
    if (dma >= r.dmaStart && dma - r.dmaStart < r.size) return dma - r.dmaStart + r.cpuStart
  return DMA_MAPPING_ERROR
}
