import { quiet } from '../kernel/api'
import * as direct from '../kernel/dma/direct'
import type { DmaDevice } from '../kernel/dma/mappings'
import { addressingLimited, requiredMask, setCoherentMask, setMask } from '../kernel/dma/masks'
import { syncSingle } from '../kernel/dma/sync'
import { mightSleep } from '../kernel/sched/schedule'
import { GFP_KERNEL } from './slab'
import type { dma_addr_t, gfp_t, ptr } from './types'

/** Brought along, as by the C header. */
export * from './bug'
export * from './device'
export * from './err'

/**
 * Memory for devices: `linux/dma-mapping`. A `dma_addr_t` belongs to the device it was made for
 * and lives until the *hardware* has let go of it, whatever the CPU side has done by then.
 */
export {
  DMA_BIDIRECTIONAL,
  DMA_FROM_DEVICE,
  DMA_NONE,
  DMA_TO_DEVICE,
} from '../kernel/dma/mappings'

export type dma_data_direction = number

/** What every failed mapping answers. Compare with `dma_mapping_error`, never with 0. */
export const DMA_MAPPING_ERROR: dma_addr_t = direct.DMA_MAPPING_ERROR

/** A mask of `n` low bits; 64 bits and more mean that every address is reachable. */
export const DMA_BIT_MASK = quiet(function DMA_BIT_MASK(n: number): number {
  return n >= 53 ? direct.MASK_64 : 2 ** n - 1
})

/** Says which addresses the device can use for streaming mappings. 0 or -EIO. Any context. */
export function dma_set_mask(dev: DmaDevice, mask: number): number {
  return setMask(dev, mask)
}

/** The same for coherent memory. 0 or -EIO. */
export function dma_set_coherent_mask(dev: DmaDevice, mask: number): number {
  return setCoherentMask(dev, mask)
}

/** Both masks at once. 0 or -EIO. */
export function dma_set_mask_and_coherent(dev: DmaDevice, mask: number): number {
  const ret = dma_set_mask(dev, mask)
  if (ret === 0) dma_set_coherent_mask(dev, mask)
  return ret
}

/** As `dma_set_mask_and_coherent` for a device whose bus has set no mask. */
export function dma_coerce_mask_and_coherent(dev: DmaDevice, mask: number): number {
  dev.dma_mask = dev.coherent_dma_mask ?? 0
  return dma_set_mask_and_coherent(dev, mask)
}

/** The streaming mask, 32 bits when none was set. */
export const dma_get_mask = quiet(function dma_get_mask(dev: DmaDevice): number {
  return dev.dma_mask || 0xffffffff
})
/** The mask with which the device reaches all of RAM. */
export const dma_get_required_mask = quiet((_dev: DmaDevice): number => requiredMask())
/** Whether some RAM is out of the device's reach. */
export const dma_addressing_limited = quiet((dev: DmaDevice): boolean => addressingLimited(dev))

/**
 * Allocates zeroed memory that CPU and device share; the device's address goes to `dma_handle`.
 * Null when there is none. May sleep with GFP_KERNEL. Pair: `dma_free_coherent` with the same
 * device, size, pointer and handle, after the device has stopped (DMA-38).
 */
export function dma_alloc_coherent(
  dev: DmaDevice,
  size: number,
  dma_handle: ptr<dma_addr_t>,
  gfp: gfp_t,
): Uint8Array | null {
  if (gfp === GFP_KERNEL) mightSleep('dma_alloc_coherent')
  const mapping = direct.allocCoherent(dev, size)
  if (mapping === null) return null
  dma_handle.value = mapping.dma
  return mapping.cpu
}

/**
 * Frees coherent memory. May sleep: not under a spinlock, not with interrupts off (a WARNING).
 * Nothing waits for the device: stop it first, or it writes into memory that is somebody else's
 * by then (DMA-39).
 */
export function dma_free_coherent(
  dev: DmaDevice,
  size: number,
  cpu_addr: Uint8Array | null,
  dma_handle: dma_addr_t,
): void {
  direct.freeCoherent(dev, size, cpu_addr, dma_handle)
}

/**
 * Hands `size` bytes of a kmalloc'ed buffer to the device until `dma_unmap_single`. Test the answer
 * with `dma_mapping_error`. Any context.
 */
export function dma_map_single(
  dev: DmaDevice,
  cpu_addr: Uint8Array,
  size: number,
  dir: dma_data_direction,
): dma_addr_t {
  return direct.mapSingle(dev, cpu_addr, size, dir)
}

/** Takes the buffer back. Same device, address, size and direction as the mapping. Any context. */
export function dma_unmap_single(
  dev: DmaDevice,
  dma_addr: dma_addr_t,
  size: number,
  dir: dma_data_direction,
): void {
  direct.unmapSingle(dev, dma_addr, size, dir)
}

/** -ENOMEM when the mapping failed, else 0. Must be asked after every mapping. */
export function dma_mapping_error(dev: DmaDevice, dma_addr: dma_addr_t): number {
  return direct.mappingError(dev, dma_addr)
}

/** Lets the CPU look at a mapped buffer that the device owns. Any context. */
export function dma_sync_single_for_cpu(
  dev: DmaDevice, addr: dma_addr_t, size: number, dir: dma_data_direction,
): void {
  syncSingle(dev, addr, size, dir, true)
}

/** Gives the buffer back to the device. */
export function dma_sync_single_for_device(
  dev: DmaDevice, addr: dma_addr_t, size: number, dir: dma_data_direction,
): void {
  syncSingle(dev, addr, size, dir, false)
}

/** The same for a part of a mapped buffer. */
export function dma_sync_single_range_for_cpu(
  dev: DmaDevice, addr: dma_addr_t, offset: number, size: number, dir: dma_data_direction,
): void {
  syncSingle(dev, addr + offset, size, dir, true)
}
export function dma_sync_single_range_for_device(
  dev: DmaDevice, addr: dma_addr_t, offset: number, size: number, dir: dma_data_direction,
): void {
  syncSingle(dev, addr + offset, size, dir, false)
}

export * from './dma-mapping/more'
export * from './dma-mapping/managed'
