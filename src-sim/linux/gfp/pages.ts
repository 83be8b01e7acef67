import { PAGE_SIZE } from '../../base/units'
import { mightAlloc } from '../../kernel/locking/fs-reclaim'
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
