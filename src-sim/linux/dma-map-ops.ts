import { quiet } from '../kernel/api'
import { deviceLog } from '../kernel/base/core'
import type { device } from '../kernel/base/device'
import type { DmaBackend } from '../kernel/dma/backend'
import { declareMemory, releaseDeclaredMemory } from '../kernel/dma/declared'
import { isCoherent, type DmaDevice } from '../kernel/dma/dma-device'
import { dummyBackend } from '../kernel/dma/dummy'
import { EINVAL } from './errno'
import type { dma_addr_t } from './types'

/** For those who decide how a device reaches memory: `linux/dma-map-ops`. */
export * from './dma-mapping'

/** The functions behind the DMA API of a device. */
export type dma_map_ops = DmaBackend

/** For a device that must not do DMA: everything fails (DMA-63). */
export const dma_dummy_ops: dma_map_ops = dummyBackend

/** The device's own functions; null: it goes the direct way, or through an IOMMU. */
export const get_dma_ops = quiet((dev: DmaDevice): dma_map_ops | null => dev.dma_ops ?? null)
export function set_dma_ops(dev: DmaDevice, dma_ops: dma_map_ops | null): void {
  dev.dma_ops = dma_ops
}

/** Whether CPU and device see the same without cache work (DMA-37). */
export const dev_is_dma_coherent = quiet((dev: DmaDevice): boolean => isCoherent(dev))

/**
 * From now on the coherent memory of the device comes from `size` bytes at `phys_addr`, which it
 * finds at `device_addr`, and from nowhere else (DMA-38). 0, -EINVAL, -ENXIO, -EBUSY.
 */
export function dma_declare_coherent_memory(
  dev: DmaDevice, phys_addr: number, device_addr: dma_addr_t, size: number,
): number {
  return declareMemory(dev, phys_addr, device_addr, size)
}
/** Ends that. What was allocated there is not looked at. */
export function dma_release_coherent_memory(dev: DmaDevice): void {
  releaseDeclaredMemory(dev)
}

/**
 * Memory from `cpu_start` on is at `dma_start` for the device. 0, or -EINVAL when something was
 * said about that already. It is forgotten when the driver goes (DMA-59).
 */
export function dma_direct_set_offset(
  dev: device, cpu_start: number, dma_start: dma_addr_t, size: number,
): number {
  if (dev.dma_range_map) {
    deviceLog(dev, 3, 'attempt to add DMA range to existing map')
    return -EINVAL
  }
  if (cpu_start === dma_start) return 0
  dev.dma_range_map = [{ cpuStart: cpu_start, dmaStart: dma_start, size }]
  dev.$busRanges = dev.dma_range_map
  return 0
}
