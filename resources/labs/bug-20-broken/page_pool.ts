import { __free_page, alloc_page, type page } from 'linux/gfp'
import { dma_map_page, dma_mapping_error, dma_unmap_page, DMA_FROM_DEVICE, type device } from 'linux/dma-mapping'
import { GFP_KERNEL } from 'linux/slab'
import { PAGE_SIZE } from 'linux/mm'
import type { dma_addr_t } from 'linux/types'

/**
 * Pages for receiving, mapped once and used again and again: the mapping belongs to the pool from
 * the making of a page to its end. Users sync.
 */
export class pool_page {
  page: page | null = null
  addr: dma_addr_t = 0
}

export class page_pool {
  dev!: device
  free: pool_page[] = []
}

/** A page that is mapped already; null without memory. May sleep. */
export function page_pool_alloc(pool: page_pool) {
  const old = pool.free.pop()
  if (old) return old
  const p = new pool_page()
  p.page = alloc_page(GFP_KERNEL)
  if (!p.page) return null
  p.addr = dma_map_page(pool.dev, p.page, 0, PAGE_SIZE, DMA_FROM_DEVICE)
  if (!dma_mapping_error(pool.dev, p.addr)) return p
  __free_page(p.page!)
  return null
}

/** The page comes back, mapped as it is. */
export function page_pool_recycle(pool: page_pool, p: pool_page) {
  pool.free.push(p)
}

/** All pages must be back. */
export function page_pool_destroy(pool: page_pool) {
  for (const p of pool.free) {
    dma_unmap_page(pool.dev, p.addr, PAGE_SIZE, DMA_FROM_DEVICE)
    __free_page(p.page!)
  }
  pool.free = []
}
