import { PAGE_SIZE, type PhysAddr } from '../../base/units'
import { machine } from '../../engine/current'
import { quiet } from '../../kernel/api'
import { mightAlloc } from '../../kernel/locking/fs-reclaim'
import { physicalMemory } from '../../kernel/mm/physical'
import { allocate } from '../../kernel/mm/slab'
import { __GFP_ZERO, kfree } from '../slab'
import type { gfp_t } from '../types'

/** Whole pages. Part of `linux/gfp`. */

/** 2^order pages in a row, as a buffer (0 in C); null without memory. Pair: `free_pages`. */
export function __get_free_pages(gfp: gfp_t, order: number): Uint8Array | null {
  mightAlloc('__get_free_pages', gfp)
  return allocate<Uint8Array>(PAGE_SIZE << order, (gfp & __GFP_ZERO) !== 0) as Uint8Array | null
}

/** One page. Pair: `free_page`. */
export const __get_free_page = (gfp: gfp_t): Uint8Array | null => __get_free_pages(gfp, 0)

/** One page of zeroes. Pair: `free_page`. */
export const get_zeroed_page = (gfp: gfp_t): Uint8Array | null =>
  __get_free_pages(gfp | __GFP_ZERO, 0)

/** Returns what `__get_free_pages` answered. Null is allowed. */
export function free_pages(pages: Uint8Array | null, _order: number): void {
  kfree(pages)
}
;(free_pages as { $freely?: true }).$freely = true

export function free_page(page: Uint8Array | null): void {
  kfree(page)
}
;(free_page as { $freely?: true }).$freely = true

/** `size` bytes in whole pages, without rounding up to a power of two. Pair: `free_pages_exact`. */
export function alloc_pages_exact(size: number, gfp: gfp_t): Uint8Array | null {
  mightAlloc('alloc_pages_exact', gfp)
  return allocate<Uint8Array>(size, (gfp & __GFP_ZERO) !== 0) as Uint8Array | null
}

export function free_pages_exact(pages: Uint8Array | null, _size: number): void {
  kfree(pages)
}
;(free_pages_exact as { $freely?: true }).$freely = true

/** A page of RAM: its bytes stand for `struct page` as well. */
export type page = Uint8Array

/** 2^order pages; null without memory. Pair: `__free_pages`. */
export const alloc_pages = __get_free_pages
/** One page. Pair: `__free_page`. */
export const alloc_page = __get_free_page
export const __free_pages = free_pages
export const __free_page = free_page

/** The whole page that a kmalloc'ed or page buffer begins in. */
export const virt_to_page = quiet((address: Uint8Array): page | null => {
  const memory = physicalMemory(machine())
  const at = memory.addressOf(address)
  return at === null ? null : memory.view((at - (at % PAGE_SIZE)) as PhysAddr, PAGE_SIZE)
})
export const page_address = quiet((page: page): Uint8Array => page)
export const page_to_phys = quiet((page: page): number => virt_to_phys(page))
export const page_to_pfn = quiet((page: page): number => virt_to_phys(page) / PAGE_SIZE)
/** The physical address of a buffer. Not for vmalloc memory. */
export const virt_to_phys = quiet(
  (address: Uint8Array): number => physicalMemory(machine()).addressOf(address) ?? 0,
)
