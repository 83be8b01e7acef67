import { machine } from '../../engine/current'
import { quiet } from '../../kernel/api'
import { backendOf } from '../../kernel/dma/backend'
import { dmaDebugHooks } from '../../kernel/dma/debug-hooks'
import {
  device_dma_parameters, dmaPlatform, maskOf, type DmaDevice,
} from '../../kernel/dma/dma-device'
import { needsSync, skipsSync } from '../../kernel/dma/mapping'
import { addressingLimited, requiredMaskOf } from '../../kernel/dma/masks'
import { warnOnce } from '../../kernel/dma/once'
import type { dma_addr_t } from '../types'

/** What a device and its way to memory can do. Part of `linux/dma-mapping`. */
export { device_dma_parameters }

const SIZE_MAX = Number.MAX_SAFE_INTEGER
const finite = (bytes: number): number => Math.min(bytes, SIZE_MAX)

/** The streaming mask, 32 bits when none was set. */
export const dma_get_mask = quiet(function dma_get_mask(dev: DmaDevice): number {
  return maskOf(dev)
})
/** The mask with which the device reaches all of RAM. */
export const dma_get_required_mask = quiet((dev: DmaDevice): number => requiredMaskOf(dev))
/** Whether some RAM is out of the device's reach. */
export const dma_addressing_limited = quiet((dev: DmaDevice): boolean => addressingLimited(dev))

/** The longest mapping in bytes; SIZE_MAX where there is no limit (DMA-09). */
export const dma_max_mapping_size = quiet((dev: DmaDevice): number =>
  finite(backendOf(dev).maxMappingSize(dev)),
)
/** The longest mapping that is cheap. */
export const dma_opt_mapping_size = quiet((dev: DmaDevice): number => {
  const backend = backendOf(dev)
  return finite(Math.min(backend.optMappingSize(dev), backend.maxMappingSize(dev)))
})
/** Entries of a list whose ends fit it become one segment; 0: they never do. */
export const dma_get_merge_boundary = quiet((dev: DmaDevice): number =>
  backendOf(dev).mergeBoundary(dev),
)
/** Whether syncing that mapping does anything (DMA-26). */
export const dma_need_sync = quiet((dev: DmaDevice, addr: dma_addr_t): boolean =>
  needsSync(dev) && backendOf(dev).needSync(dev, addr),
)
/** Whether unmapping does anything. Ask after the last mapping. */
export const dma_need_unmap = quiet((dev: DmaDevice): boolean => {
  if (dmaDebugHooks(machine()).on) return true
  return backendOf(dev).name !== 'direct' || !skipsSync(dev)
})
/** What buffers must be aligned to, so as not to share cache lines with others. */
export const dma_get_cache_alignment = quiet((): number => (dmaPlatform(machine()).coherent ? 1 : 128))

const LONGEST_SEGMENT = 0x10000

/** DMA-08: without `dma_parms` a WARNING, and nothing is set. */
function parmsOf(dev: DmaDevice, what: string): device_dma_parameters | null {
  if (dev.dma_parms) return dev.dma_parms
  warnOnce(`no-parms-${what}`, 'include/linux/dma-mapping.h at %f', null, ['DMA-08'])
  return null
}

/** Sets how long a segment the device can take, in bytes. */
export function dma_set_max_seg_size(dev: DmaDevice, size: number): void {
  const parms = parmsOf(dev, 'segment')
  if (parms) parms.max_segment_size = size
}
/** How long a segment the device can take: 64 KiB when nobody has said. */
export const dma_get_max_seg_size = quiet(
  (dev: DmaDevice): number => dev.dma_parms?.max_segment_size || LONGEST_SEGMENT,
)
/** Sets which addresses a segment must not cross: multiples of `mask` plus one. */
export function dma_set_seg_boundary(dev: DmaDevice, mask: number): void {
  const parms = parmsOf(dev, 'boundary')
  if (parms) parms.segment_boundary_mask = mask
}
/** Which addresses a segment must not cross; all ones: none. */
export const dma_get_seg_boundary = quiet(
  (dev: DmaDevice): number => dev.dma_parms?.segment_boundary_mask || Infinity,
)
/** The low bits of addresses that a mapping must keep. */
export const dma_get_min_align_mask = quiet(
  (dev: DmaDevice): number => dev.dma_parms?.min_align_mask ?? 0,
)
export function dma_set_min_align_mask(dev: DmaDevice, min_align_mask: number): void {
  const parms = parmsOf(dev, 'alignment')
  if (parms) parms.min_align_mask = min_align_mask
}
