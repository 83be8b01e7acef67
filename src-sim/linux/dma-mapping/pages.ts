import type { DmaDevice } from '../../kernel/dma/dma-device'
import * as kernel from '../../kernel/dma/pages'
import { mightAlloc } from '../../kernel/locking/fs-reclaim'
import { pageOfAddress, physOf } from '../../kernel/mm/page'
import type { dma_data_direction } from '../dma-direction'
import type { page } from '../gfp'
import type { dma_addr_t, gfp_t, ptr } from '../types'

/** Pages that are mapped as long as they exist, synced by hand. Part of `linux/dma-mapping`. */

/** Zeroed whole pages and their address for the device; null without memory. May sleep. */
export function dma_alloc_pages(
  dev: DmaDevice, size: number, dma_handle: ptr<dma_addr_t>, dir: dma_data_direction, gfp: gfp_t,
): page | null {
  mightAlloc('dma_alloc_pages', gfp)
  const memory = kernel.allocMappedPages(dev, size, dir, gfp)
  if (!memory) return null
  dma_handle.value = memory.dma
  return pageOfAddress(memory.cpu)
}
export function dma_free_pages(
  dev: DmaDevice, size: number, page: page, dma_handle: dma_addr_t, dir: dma_data_direction,
): void {
  kernel.freeMappedPages(dev, size, physOf(page), dma_handle, dir)
}

/** The same as a buffer. Pair: `dma_free_noncoherent`. */
export function dma_alloc_noncoherent(
  dev: DmaDevice, size: number, dma_handle: ptr<dma_addr_t>, dir: dma_data_direction, gfp: gfp_t,
): Uint8Array | null {
  mightAlloc('dma_alloc_noncoherent', gfp)
  const memory = kernel.allocMappedPages(dev, size, dir, gfp)
  if (!memory) return null
  dma_handle.value = memory.dma
  return memory.cpu
}
export function dma_free_noncoherent(
  dev: DmaDevice, size: number, vaddr: Uint8Array, dma_handle: dma_addr_t, dir: dma_data_direction,
): void {
  const page = pageOfAddress(vaddr)
  if (page) kernel.freeMappedPages(dev, size, physOf(page), dma_handle, dir)
}

