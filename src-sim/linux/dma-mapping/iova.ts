import { quiet } from '../../kernel/api'
import type { device } from '../../kernel/base/device'
import * as iova from '../../kernel/iommu/dma-iova'
import type { dma_iova_state } from '../../kernel/iommu/dma-iova'

/** Mapping in two steps: `linux/dma-mapping`. Only devices behind an IOMMU can do it. */

export { dma_iova_state } from '../../kernel/iommu/dma-iova'

/**
 * Reserves addresses for `size` bytes; only the offset of `phys` in its page matters. False: use
 * ordinary mappings (no IOMMU, no addresses left). Any context. Pair: `dma_iova_free` or
 * `dma_iova_destroy` (DMA-50).
 */
export function dma_iova_try_alloc(
  dev: device, state: dma_iova_state, phys: number, size: number,
): boolean {
  return iova.tryAlloc(dev, state, phys, size)
}
/** Whether there are addresses: the other functions may be called. */
export const dma_use_iova = quiet((state: dma_iova_state): boolean => state.$size !== 0)
/** How many bytes were asked for. */
export const dma_iova_size = quiet((state: dma_iova_state): number => state.$size)
/** Gives the addresses back; everything must be unlinked before (DMA-53). Any context. */
export function dma_iova_free(dev: device, state: dma_iova_state): void {
  iova.free(dev, state)
}
/**
 * Puts memory into the range at `offset`. All lengths but the last are whole pages. 0, -EIO, -EPERM,
 * -EOPNOTSUPP, -ENOMEM or what the IOMMU says of overlaps (DMA-51). The device must not use it
 * before `dma_iova_sync`. Any context.
 */
export function dma_iova_link(
  dev: device, state: dma_iova_state, phys: number, offset: number, size: number, dir: number,
  attrs = 0,
): number {
  return iova.link(dev, state, phys, offset, size, dir, attrs)
}
/** Makes what was linked visible to the hardware. 0 or -errno (DMA-52). */
export function dma_iova_sync(
  dev: device, state: dma_iova_state, offset: number, size: number,
): number {
  return iova.sync(dev, state, offset, size)
}
/** Takes a part out, waiting for the TLB; the addresses stay reserved. */
export function dma_iova_unlink(
  dev: device, state: dma_iova_state, offset: number, size: number, dir: number, attrs = 0,
): void {
  iova.unlink(dev, state, offset, size, dir, attrs)
}
/** Takes the first `mapped_len` bytes out and gives all addresses back. */
export function dma_iova_destroy(
  dev: device, state: dma_iova_state, mapped_len: number, dir: number, attrs = 0,
): void {
  iova.destroy(dev, state, mapped_len, dir, attrs)
}
