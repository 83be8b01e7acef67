import type { DmaDevice } from '../../kernel/dma/dma-device'
import * as kernel from '../../kernel/dma/mapping'
import { physOf } from '../../kernel/mm/page'
import { dmaDebugHooks } from '../../kernel/dma/debug-hooks'
import { machine } from '../../engine/current'
import { warnOnce } from '../../kernel/dma/once'
import type { dma_data_direction } from '../dma-direction'
import type { page } from '../gfp'
import type { dma_addr_t } from '../types'
import { DMA_ATTR_MMIO } from './attrs'

/** One buffer, page or stretch of physical memory. Part of `linux/dma-mapping`. Any context. */

/**
 * Hands `size` bytes of a kmalloc'ed buffer to the device until `dma_unmap_single`. Test the answer
 * with `dma_mapping_error`. Not for stacks or vmalloc memory (DMA-11).
 */
export function dma_map_single(
  dev: DmaDevice, cpu_addr: Uint8Array, size: number, dir: dma_data_direction,
): dma_addr_t {
  return kernel.mapSingle(dev, cpu_addr, size, dir)
}

/** Takes the buffer back. Same device, address, size and direction as the mapping. */
export function dma_unmap_single(
  dev: DmaDevice, dma_addr: dma_addr_t, size: number, dir: dma_data_direction,
): void {
  kernel.unmapSingle(dev, dma_addr, size, dir)
}

/** The same with wishes: `DMA_ATTR_SKIP_CPU_SYNC` and so on. */
export function dma_map_single_attrs(
  dev: DmaDevice, ptr: Uint8Array, size: number, dir: dma_data_direction, attrs: number,
): dma_addr_t {
  return kernel.mapSingle(dev, ptr, size, dir, attrs)
}
export function dma_unmap_single_attrs(
  dev: DmaDevice, addr: dma_addr_t, size: number, dir: dma_data_direction, attrs: number,
): void {
  kernel.unmapSingle(dev, addr, size, dir, attrs)
}

/** DMA-12: `size` bytes from `offset` of a page of RAM. Pair: `dma_unmap_page_attrs`. */
export function dma_map_page_attrs(
  dev: DmaDevice, page: page, offset: number, size: number, dir: dma_data_direction, attrs: number,
): dma_addr_t {
  if (attrs & DMA_ATTR_MMIO) return -1
  if (page.pgmap && dmaDebugHooks(machine()).on) {
    warnOnce('zone-device', 'kernel/dma/mapping.c at dma_map_page_attrs', null, ['DMA-12'])
    return -1
  }
  return kernel.mapPhys(dev, physOf(page) + offset, size, dir, attrs)
}
export function dma_unmap_page_attrs(
  dev: DmaDevice, addr: dma_addr_t, size: number, dir: dma_data_direction, attrs: number,
): void {
  if (attrs & DMA_ATTR_MMIO) return
  kernel.unmapPhys(dev, addr, size, dir, attrs, 'dma_unmap_page')
}

/** As `dma_map_single` for `size` bytes of a page from `offset`. Pair: `dma_unmap_page`. */
export function dma_map_page(
  dev: DmaDevice, page: page, offset: number, size: number, dir: dma_data_direction,
): dma_addr_t {
  return dma_map_page_attrs(dev, page, offset, size, dir, 0)
}
export function dma_unmap_page(
  dev: DmaDevice, addr: dma_addr_t, size: number, dir: dma_data_direction,
): void {
  dma_unmap_page_attrs(dev, addr, size, dir, 0)
}

/** Physical memory, with or without pages (DMA-13). Pair: `dma_unmap_phys` with the same attrs. */
export function dma_map_phys(
  dev: DmaDevice, phys: number, size: number, dir: dma_data_direction, attrs: number,
): dma_addr_t {
  return kernel.mapPhys(dev, phys, size, dir, attrs)
}
export function dma_unmap_phys(
  dev: DmaDevice, addr: dma_addr_t, size: number, dir: dma_data_direction, attrs: number,
): void {
  kernel.unmapPhys(dev, addr, size, dir, attrs, 'dma_unmap_phys')
}

/** Maps registers at a physical address, not RAM (DMA-14). Pair: `dma_unmap_resource`. */
export function dma_map_resource(
  dev: DmaDevice, phys_addr: number, size: number, dir: dma_data_direction, attrs: number,
): dma_addr_t {
  return kernel.mapPhys(dev, phys_addr, size, dir, attrs | DMA_ATTR_MMIO)
}
export function dma_unmap_resource(
  dev: DmaDevice, addr: dma_addr_t, size: number, dir: dma_data_direction, attrs: number,
): void {
  kernel.unmapPhys(dev, addr, size, dir, attrs | DMA_ATTR_MMIO, 'dma_unmap_resource')
}

/** -ENOMEM when the mapping failed, else 0. Must be asked after every mapping. */
export function dma_mapping_error(dev: DmaDevice, dma_addr: dma_addr_t): number {
  return kernel.mappingError(dev, dma_addr)
}

/** Lets the CPU look at a mapped buffer that the device owns. */
export function dma_sync_single_for_cpu(
  dev: DmaDevice, addr: dma_addr_t, size: number, dir: dma_data_direction,
): void {
  kernel.syncSingle(dev, addr, size, dir, true)
}

/** Gives the buffer back to the device. */
export function dma_sync_single_for_device(
  dev: DmaDevice, addr: dma_addr_t, size: number, dir: dma_data_direction,
): void {
  kernel.syncSingle(dev, addr, size, dir, false)
}

/** The same for a part of a mapped buffer. */
export function dma_sync_single_range_for_cpu(
  dev: DmaDevice, addr: dma_addr_t, offset: number, size: number, dir: dma_data_direction,
): void {
  kernel.syncSingle(dev, addr + offset, size, dir, true)
}
export function dma_sync_single_range_for_device(
  dev: DmaDevice, addr: dma_addr_t, offset: number, size: number, dir: dma_data_direction,
): void {
  kernel.syncSingle(dev, addr + offset, size, dir, false)
}
