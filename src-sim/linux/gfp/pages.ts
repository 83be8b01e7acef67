import { PAGE_SIZE } from '../../base/units'
import { kernelCall } from '../../kernel/api'
import { mightAlloc } from '../../kernel/locking/fs-reclaim'
import type { page } from '../../kernel/mm/page'
import { pageAddress } from '../../kernel/mm/page'
import { allocPages, freeAddress, freePages } from '../../kernel/mm/page-alloc'
import { allocate } from '../../kernel/mm/slab'
import { __GFP_ZERO, kfree } from '../slab'
import type { gfp_t } from '../types'

/** Whole pages. Part of `linux/gfp`. */

export { page } from '../../kernel/mm/page'
export {
  page_address, page_to_pfn, page_to_phys, pfn_to_page, virt_to_page, virt_to_phys,
} from '../mm/pages'
export { get_order } from '../log2'

/** The pages are one folio, rather than so many single ones. */
export const __GFP_COMP: gfp_t = 0x40000
export const __GFP_ACCOUNT: gfp_t = 0x400000
export const __GFP_HIGHMEM: gfp_t = 0x2
export const __GFP_MOVABLE: gfp_t = 0x8
export const __GFP_HARDWALL: gfp_t = 0x100000
export const GFP_KERNEL_ACCOUNT: gfp_t = 0x400 | 0x800 | 0x40 | 0x80 | __GFP_ACCOUNT
export const GFP_HIGHUSER: gfp_t = 0x400 | 0x800 | 0x40 | 0x80 | __GFP_HARDWALL | __GFP_HIGHMEM
export const GFP_HIGHUSER_MOVABLE: gfp_t = GFP_HIGHUSER | __GFP_MOVABLE

const MAX_PAGE_ORDER = 10

function pages(name: string, gfp: gfp_t, order: number): page | null {
  mightAlloc(name, gfp)
  if (order > MAX_PAGE_ORDER) return null
  return allocPages({
    order, zero: (gfp & __GFP_ZERO) !== 0, compound: (gfp & __GFP_COMP) !== 0,
  })
}

/** 2^order pages; null without memory. Pair: `__free_pages`. */
export const alloc_pages = kernelCall('alloc_pages', (gfp: gfp_t, order: number): page | null =>
  pages('alloc_pages', gfp, order),
)
/** One page. Pair: `__free_page`, or `put_page`. */
export const alloc_page = kernelCall('alloc_page', (gfp: gfp_t): page | null =>
  pages('alloc_pages', gfp, 0),
)
export const alloc_pages_node = kernelCall(
  'alloc_pages_node',
  (_node: number, gfp: gfp_t, order: number): page | null => pages('alloc_pages', gfp, order),
)
/** 2^order pages as one folio. Pair: `folio_put`. */
export const folio_alloc = kernelCall('folio_alloc', (gfp: gfp_t, order: number): page | null =>
  pages('folio_alloc', gfp | __GFP_COMP, order),
)
export const __free_pages = kernelCall('__free_pages', (page: page, order: number): void =>
  freePages(page, order),
)
;(__free_pages as { $freely?: true }).$freely = true
export const __free_page = kernelCall('__free_page', (page: page): void => freePages(page, 0))
;(__free_page as { $freely?: true }).$freely = true

/** 2^order pages in a row, as a buffer (an address, 0 in C); null without memory. */
export const __get_free_pages = kernelCall(
  '__get_free_pages',
  (gfp: gfp_t, order: number): Uint8Array | null => {
    const page = pages('__get_free_pages', gfp, order)
    return page && pageAddress(page)
  },
)
/** One page. Pair: `free_page`. */
export const __get_free_page = kernelCall('__get_free_page', (gfp: gfp_t): Uint8Array | null => {
  const page = pages('__get_free_pages', gfp, 0)
  return page && pageAddress(page)
})
/** One page of zeroes. Pair: `free_page`. */
export const get_zeroed_page = kernelCall('get_zeroed_page', (gfp: gfp_t): Uint8Array | null => {
  const page = pages('get_zeroed_page', gfp | __GFP_ZERO, 0)
  return page && pageAddress(page)
})

/** Returns what `__get_free_pages` answered. Null is allowed. */
export const free_pages = kernelCall(
  'free_pages',
  (address: Uint8Array | null, _order: number): void => {
    if (address !== null) freeAddress(address)
  },
)
;(free_pages as { $freely?: true }).$freely = true
export const free_page = kernelCall('free_page', (address: Uint8Array | null): void => {
  if (address !== null) freeAddress(address)
})
;(free_page as { $freely?: true }).$freely = true

/** `size` bytes in whole pages, without rounding up to a power of two. Pair: `free_pages_exact`. */
export function alloc_pages_exact(size: number, gfp: gfp_t): Uint8Array | null {
  mightAlloc('alloc_pages_exact', gfp)
  return allocate<Uint8Array>(
    Math.ceil(size / PAGE_SIZE) * PAGE_SIZE, (gfp & __GFP_ZERO) !== 0,
  ) as Uint8Array | null
}

export function free_pages_exact(pages: Uint8Array | null, _size: number): void {
  kfree(pages)
}
;(free_pages_exact as { $freely?: true }).$freely = true

/** Fills an array with single pages; how many there are in it then. */
export const alloc_pages_bulk = kernelCall(
  'alloc_pages_bulk',
  (gfp: gfp_t, nr_pages: number, page_array: (page | null)[]): number => {
    for (let i = 0; i < nr_pages; i++) {
      page_array[i] ??= pages('alloc_pages_bulk', gfp, 0)
      if (page_array[i] === null) return i
    }
    return nr_pages
  },
)
