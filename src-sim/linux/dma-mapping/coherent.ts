import * as kernel from '../../kernel/dma/coherent'
import type { DmaDevice } from '../../kernel/dma/dma-device'
import { mightAlloc } from '../../kernel/locking/fs-reclaim'
import { __GFP_NOWARN } from '../slab'
import type { dma_addr_t, gfp_t, ptr } from '../types'
import { DMA_ATTR_NO_WARN, DMA_ATTR_WRITE_COMBINE } from './attrs'

/** Memory that CPU and device share. Part of `linux/dma-mapping`. */

/** As `dma_alloc_coherent`, with wishes (DMA-29). */
export function dma_alloc_attrs(
  dev: DmaDevice, size: number, dma_handle: ptr<dma_addr_t>, flag: gfp_t, attrs: number,
): Uint8Array | null {
  mightAlloc('dma_alloc_attrs', flag)
  const mapping = kernel.allocCoherent(dev, size, flag, attrs)
  if (mapping === null) return null
  dma_handle.value = mapping.dma
  return mapping.cpu
}

/** Frees what `dma_alloc_attrs` answered, with the same `attrs`. */
export function dma_free_attrs(
  dev: DmaDevice, size: number, cpu_addr: Uint8Array | null, dma_handle: dma_addr_t, attrs: number,
): void {
  kernel.freeCoherent(dev, size, cpu_addr, dma_handle, attrs)
}

/**
 * Allocates zeroed memory that CPU and device share; the device's address goes to `dma_handle`.
 * Null when there is none. May sleep with GFP_KERNEL. Pair: `dma_free_coherent` with the same
 * device, size, pointer and handle, after the device has stopped (DMA-38).
 */
export function dma_alloc_coherent(
  dev: DmaDevice, size: number, dma_handle: ptr<dma_addr_t>, gfp: gfp_t,
): Uint8Array | null {
  return dma_alloc_attrs(dev, size, dma_handle, gfp, gfp & __GFP_NOWARN ? DMA_ATTR_NO_WARN : 0)
}

/**
 * Frees coherent memory. Interrupts must be on (a WARNING), and where the memory has a mapping of
 * its own, behind an IOMMU, it may sleep. Nothing waits for the device: stop it first, or it
 * writes into memory that is somebody else's by then (DMA-39).
 */
export function dma_free_coherent(
  dev: DmaDevice, size: number, cpu_addr: Uint8Array | null, dma_handle: dma_addr_t,
): void {
  kernel.freeCoherent(dev, size, cpu_addr, dma_handle)
}

/** Coherent memory for writing to in order: a frame buffer, say. Pair: `dma_free_wc`. */
export function dma_alloc_wc(
  dev: DmaDevice, size: number, dma_addr: ptr<dma_addr_t>, gfp: gfp_t,
): Uint8Array | null {
  const quietly = gfp & __GFP_NOWARN ? DMA_ATTR_NO_WARN : 0
  return dma_alloc_attrs(dev, size, dma_addr, gfp, DMA_ATTR_WRITE_COMBINE | quietly)
}
export function dma_free_wc(
  dev: DmaDevice, size: number, cpu_addr: Uint8Array | null, dma_addr: dma_addr_t,
): void {
  kernel.freeCoherent(dev, size, cpu_addr, dma_addr, DMA_ATTR_WRITE_COMBINE)
}
