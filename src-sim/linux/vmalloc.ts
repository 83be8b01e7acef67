import { kernelCall, quiet } from '../kernel/api'
import { mightAlloc } from '../kernel/locking/fs-reclaim'
import { pageOfAddress, type page } from '../kernel/mm/page'
import { mightSleep } from '../kernel/sched/schedule'
import * as area from '../kernel/mm/vmalloc'
import { remap_vmalloc_range as remap } from './mm/fault'
import type { gfp_t } from './types'

/**
 * Memory that need not be physically contiguous: `linux/vmalloc`. Its addresses are none that
 * `virt_to_phys` or the streaming DMA functions can do anything with.
 */

const GFP_KERNEL: gfp_t = 0x400 | 0x800 | 0x40 | 0x80
/** What `vmap` is told of the pages. */
export const VM_MAP = 0x4
export const PAGE_KERNEL = 0x8000_0000

/** Bytes for buffers that need not be physically contiguous. May sleep. Pair: `vfree`. */
export function vmalloc(size: number): Uint8Array | null {
  mightAlloc('vmalloc', GFP_KERNEL)
  return area.allocArea(size, false)
}
/** As `vmalloc`, zeroed. Pair: `vfree`. */
export function vzalloc(size: number): Uint8Array | null {
  mightAlloc('vzalloc', GFP_KERNEL)
  return area.allocArea(size, true)
}
/** As `vzalloc`, for memory that programs will map. */
export const vmalloc_user = vzalloc
/** Frees what `vmalloc` answered. May sleep. */
export function vfree(object: Uint8Array | null): void {
  if (object !== null) area.freeArea(object)
}
;(vfree as { $freely?: true }).$freely = true

/** Makes one address for many pages, which stay their owner's. May sleep. Pair: `vunmap`. */
export const vmap = kernelCall(
  'vmap',
  (pages: page[], count: number, _flags: number, _prot: number): Uint8Array | null => {
    mightSleep('vmap')
    return area.mapPages(pages.slice(0, count))
  },
)
export const vunmap = kernelCall('vunmap', (address: Uint8Array | null): void => {
  mightSleep('vunmap')
  if (address !== null) area.unmapPages(address)
})

/** Whether an address is one of `vmalloc` or `vmap`. */
export const is_vmalloc_addr = quiet((address: unknown): boolean =>
  address instanceof Uint8Array && area.isArea(address),
)
export const vmalloc_to_page = quiet((address: Uint8Array): page | null => pageOfAddress(address))
export const vmalloc_to_pfn = quiet((address: Uint8Array): number => pageOfAddress(address)?.$pfn ?? 0)
export const remap_vmalloc_range = remap
