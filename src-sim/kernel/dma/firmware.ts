import { deviceLog } from '../base/core'
import type { device } from '../base/device'
import type { device_node } from '../of/node'
import { MASK_32, type BusRange } from './dma-device'

/** What the device tree says of a device's way to memory (drivers/of/device.c). */

/** `dma-ranges`: triples of the device's address, the CPU's address and the size. */
function rangesOf(node: device_node): BusRange[] | null {
  const cells = node.$properties.get('dma-ranges') ?? node.parent?.$properties.get('dma-ranges')
  if (!Array.isArray(cells)) return null
  const numbers = cells as readonly number[]
  const ranges: BusRange[] = []
  for (let i = 0; i + 2 < numbers.length; i += 3)
    ranges.push({ dmaStart: numbers[i]!, cpuStart: numbers[i + 1]!, size: numbers[i + 2]! })
  return ranges
}

function maskFor(end: number): number {
  let mask = 1
  while (mask <= end && mask !== Infinity) mask *= 2
  return mask - 1
}

/**
 * Before every probe of a device that has a node: masks shrink to what the ranges (or else the
 * coherent mask) can carry, and never grow again (DMA-05).
 */
export function configureDma(dev: device): void {
  const node = dev.of_node
  if (node === null) return
  const ranges = rangesOf(node)
  if (dev.dma_mask === null) {
    deviceLog(dev, 4, 'DMA mask not set')
    dev.dma_mask = dev.coherent_dma_mask
  }
  if (dev.coherent_dma_mask === 0) dev.coherent_dma_mask = MASK_32
  const end = ranges
    ? Math.max(...ranges.map((r) => r.dmaStart + r.size - 1))
    : dev.coherent_dma_mask
  const mask = maskFor(end)
  dev.coherent_dma_mask = Math.min(dev.coherent_dma_mask, mask)
  dev.dma_mask = Math.min(dev.dma_mask, mask)
  if (ranges) {
    dev.bus_dma_limit = end
    dev.dma_range_map = ranges
    dev.$busRanges = ranges
  }
  if (node.$properties.has('dma-coherent')) dev.dma_coherent = true
  if (node.$properties.has('dma-noncoherent')) dev.dma_coherent = false
}
