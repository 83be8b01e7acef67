import { quiet } from '../../kernel/api'
import { mapResource, unmapSingle } from '../../kernel/dma/direct'
import type { DmaDevice } from '../../kernel/dma/mappings'
import { mapSg, unmapSg, type SgList } from '../../kernel/dma/sg'
import { syncSg } from '../../kernel/dma/sync'
import { dma_map_single, type dma_data_direction } from '../dma-mapping'
import { EINVAL } from '../errno'
import type { page } from '../gfp'
import type { sg_table } from '../scatterlist'
import type { dma_addr_t } from '../types'

/** Scatter lists, pages, registers and limits. Part of `linux/dma-mapping`. */

export const DMA_ATTR_WEAK_ORDERING = 1 << 1
export const DMA_ATTR_WRITE_COMBINE = 1 << 2
export const DMA_ATTR_NO_KERNEL_MAPPING = 1 << 4
export const DMA_ATTR_SKIP_CPU_SYNC = 1 << 5
export const DMA_ATTR_FORCE_CONTIGUOUS = 1 << 6
export const DMA_ATTR_NO_WARN = 1 << 8

/** As `dma_map_single` for `size` bytes of a page from `offset`. Pair: `dma_unmap_page`. */
export function dma_map_page(
  dev: DmaDevice, page: page, offset: number, size: number, dir: dma_data_direction,
): dma_addr_t {
  return dma_map_single(dev, page.subarray(offset), size, dir)
}
export function dma_unmap_page(
  dev: DmaDevice, addr: dma_addr_t, size: number, dir: dma_data_direction,
): void {
  unmapSingle(dev, addr, size, dir)
}

/** Maps registers at a physical address, not RAM. Pair: `dma_unmap_resource`. */
export function dma_map_resource(
  dev: DmaDevice, phys_addr: number, size: number, dir: dma_data_direction, _attrs = 0,
): dma_addr_t {
  return mapResource(dev, phys_addr, size, dir)
}
export function dma_unmap_resource(
  dev: DmaDevice, addr: dma_addr_t, size: number, dir: dma_data_direction, _attrs = 0,
): void {
  unmapSingle(dev, addr, size, dir)
}

/**
 * Hands the pieces of a list to the device. How many segments it has for the device, 0 when it
 * failed. Pair: `dma_unmap_sg` with the same `nents`, whatever was answered. Any context.
 */
export function dma_map_sg(
  dev: DmaDevice, sg: SgList, nents: number, dir: dma_data_direction,
): number {
  return Math.max(0, mapSg(dev, sg, nents, dir))
}
export function dma_unmap_sg(
  dev: DmaDevice, sg: SgList, nents: number, dir: dma_data_direction,
): void {
  unmapSg(dev, sg, nents, dir)
}

/** As `dma_map_sg` for a table. 0 or -errno. Pair: `dma_unmap_sgtable`. */
export function dma_map_sgtable(
  dev: DmaDevice, sgt: sg_table, dir: dma_data_direction, _attrs = 0,
): number {
  const ret = mapSg(dev, sgt.sgl, sgt.orig_nents, dir)
  if (ret < 0) return ret
  sgt.nents = ret
  return 0
}
export function dma_unmap_sgtable(
  dev: DmaDevice, sgt: sg_table, dir: dma_data_direction, _attrs = 0,
): void {
  unmapSg(dev, sgt.sgl, sgt.orig_nents, dir)
}

/** Lets the CPU look at a mapped list. */
export function dma_sync_sg_for_cpu(
  dev: DmaDevice, sg: SgList, nents: number, dir: dma_data_direction,
): void {
  syncSg(dev, sg, nents, dir, true)
}
/** Gives the list back to the device. */
export function dma_sync_sg_for_device(
  dev: DmaDevice, sg: SgList, nents: number, dir: dma_data_direction,
): void {
  syncSg(dev, sg, nents, dir, false)
}

/** Whether syncing does anything: not where CPU and device see the same memory. */
export const dma_need_sync = quiet((_dev: DmaDevice, _addr: dma_addr_t): boolean => false)
/** The longest mapping; there is no limit. */
export const dma_max_mapping_size = quiet((_dev: DmaDevice): number => Number.MAX_SAFE_INTEGER)

interface Limits {
  max_segment_size?: number
  segment_boundary_mask?: number
}

/** Sets how long a segment the device can take. 0 or -EINVAL. */
export function dma_set_max_seg_size(dev: DmaDevice, size: number): number {
  if (size <= 0) return -EINVAL
  ;(dev as Limits).max_segment_size = size
  return 0
}
/** How long a segment the device can take: 64 KiB when nobody has said. */
export const dma_get_max_seg_size = quiet(
  (dev: DmaDevice): number => (dev as Limits).max_segment_size ?? 0x10000,
)
/** Sets which addresses a segment must not cross. */
export function dma_set_seg_boundary(dev: DmaDevice, mask: number): void {
  ;(dev as Limits).segment_boundary_mask = mask
}

/** As the forms without `attrs`, which change nothing on this machine. */
export const dma_map_single_attrs = (
  dev: DmaDevice, cpu_addr: Uint8Array, size: number, dir: dma_data_direction, _attrs: number,
): dma_addr_t => dma_map_single(dev, cpu_addr, size, dir)
export const dma_unmap_single_attrs = (
  dev: DmaDevice, addr: dma_addr_t, size: number, dir: dma_data_direction, _attrs: number,
): void => unmapSingle(dev, addr, size, dir)
