import type { PhysAddr } from '../../base/units'
import { machine } from '../../engine/current'
import type { DmaDevice } from '../../kernel/dma/dma-device'
import * as kernel from '../../kernel/dma/pages'
import { mightAlloc } from '../../kernel/locking/fs-reclaim'
import { physicalMemory } from '../../kernel/mm/physical'
import type { dma_data_direction } from '../dma-direction'
import type { sg_table } from '../scatterlist'
import type { gfp_t } from '../types'

/** Pages that are scattered for the CPU and in a row for the device. Part of `linux/dma-mapping`. */

/** Exactly one segment for the device; null without memory. May sleep. */
export function dma_alloc_noncontiguous(
  dev: DmaDevice, size: number, dir: dma_data_direction, gfp: gfp_t, attrs: number,
): sg_table | null {
  mightAlloc('dma_alloc_noncontiguous', gfp)
  return kernel.allocNoncontiguous(dev, size, dir, gfp, attrs)
}
export function dma_free_noncontiguous(
  dev: DmaDevice, size: number, sgt: sg_table, dir: dma_data_direction,
): void {
  kernel.freeNoncontiguous(dev, size, sgt, dir)
}

/** The CPU's view of all of it; null when there is none. Pair: `dma_vunmap_noncontiguous`. */
export function dma_vmap_noncontiguous(
  _dev: DmaDevice, size: number, sgt: sg_table,
): Uint8Array | null {
  const phys = sgt.sgl[0]?.$phys
  return phys == null ? null : physicalMemory(machine()).view(phys as PhysAddr, size)
}
export function dma_vunmap_noncontiguous(_dev: DmaDevice, _vaddr: Uint8Array): void {}
