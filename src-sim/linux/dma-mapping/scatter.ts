import type { DmaDevice } from '../../kernel/dma/dma-device'
import { mapSg, syncSg, unmapSg } from '../../kernel/dma/mapping-sg'
import type { SgList } from '../../kernel/dma/sg'
import type { dma_data_direction } from '../dma-direction'
import type { sg_table } from '../scatterlist'

/** Scatter lists. Part of `linux/dma-mapping`. Any context. */

/** As `dma_map_sg`, with wishes. */
export function dma_map_sg_attrs(
  dev: DmaDevice, sg: SgList, nents: number, dir: dma_data_direction, attrs: number,
): number {
  return Math.max(0, mapSg(dev, sg, nents, dir, attrs))
}
export function dma_unmap_sg_attrs(
  dev: DmaDevice, sg: SgList, nents: number, dir: dma_data_direction, attrs: number,
): void {
  unmapSg(dev, sg, nents, dir, attrs)
}

/**
 * Hands the pieces of a list to the device. How many segments it has for the device, 0 when it
 * failed. Pair: `dma_unmap_sg` with the same `nents`, whatever was answered.
 */
export function dma_map_sg(
  dev: DmaDevice, sg: SgList, nents: number, dir: dma_data_direction,
): number {
  return dma_map_sg_attrs(dev, sg, nents, dir, 0)
}
export function dma_unmap_sg(
  dev: DmaDevice, sg: SgList, nents: number, dir: dma_data_direction,
): void {
  unmapSg(dev, sg, nents, dir)
}

/** As `dma_map_sg` for a table. 0 or -errno (DMA-24). Pair: `dma_unmap_sgtable`. */
export function dma_map_sgtable(
  dev: DmaDevice, sgt: sg_table, dir: dma_data_direction, attrs: number,
): number {
  const ret = mapSg(dev, sgt.sgl, sgt.orig_nents, dir, attrs)
  if (ret < 0) return ret
  sgt.nents = ret
  return 0
}
export function dma_unmap_sgtable(
  dev: DmaDevice, sgt: sg_table, dir: dma_data_direction, attrs: number,
): void {
  unmapSg(dev, sgt.sgl, sgt.orig_nents, dir, attrs)
}

/** Lets the CPU look at a mapped list. */
export function dma_sync_sg_for_cpu(
  dev: DmaDevice, sg: SgList, nelems: number, dir: dma_data_direction,
): void {
  syncSg(dev, sg, nelems, dir, true)
}
/** Gives the list back to the device. */
export function dma_sync_sg_for_device(
  dev: DmaDevice, sg: SgList, nelems: number, dir: dma_data_direction,
): void {
  syncSg(dev, sg, nelems, dir, false)
}

/** The same for a table. */
export function dma_sync_sgtable_for_cpu(
  dev: DmaDevice, sgt: sg_table, dir: dma_data_direction,
): void {
  syncSg(dev, sgt.sgl, sgt.orig_nents, dir, true)
}
export function dma_sync_sgtable_for_device(
  dev: DmaDevice, sgt: sg_table, dir: dma_data_direction,
): void {
  syncSg(dev, sgt.sgl, sgt.orig_nents, dir, false)
}
