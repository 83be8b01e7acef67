import { PAGE_SIZE } from '../../base/units'
import { quiet } from '../../kernel/api'
import { mightAlloc } from '../../kernel/locking/fs-reclaim'
import { cacheAlloc, cacheFree, type kmem_cache } from '../../kernel/mm/cache'
import type { gfp_t } from '../types'
import { GFP_KERNEL, kcalloc, kfree, kmalloc, kmemdup, kzalloc } from '../slab'
import { kmem_cache_alloc } from './caches'
import { krealloc } from './more'

/** Allocations of several things at once, and variants of others. Part of `linux/slab`. */

export const SLAB_CONSISTENCY_CHECKS = 0x100
export const SLAB_RED_ZONE = 0x400
export const SLAB_POISON = 0x800
export const SLAB_STORE_USER = 0x10000
export const SLAB_CACHE_DMA = 0x4000
export const SLAB_CACHE_DMA32 = 0x8000
/** The largest block, and the largest one that comes from a cache. */
export const KMALLOC_MAX_SIZE = 4 * 1024 * 1024
export const KMALLOC_MAX_CACHE_SIZE: number = 2 * PAGE_SIZE
export const KMALLOC_MIN_SIZE = 8
export const ARCH_KMALLOC_MINALIGN = 8

/** Memory nodes are all one here. */
export const kmem_cache_alloc_node = quiet(
  <T extends object>(cache: kmem_cache, gfp: gfp_t, _node: number): T | null =>
    kmem_cache_alloc<T>(cache, gfp),
)
export const kcalloc_node = kcalloc
export const kmalloc_array_node = kcalloc

/** Fills `p` with `nr` objects: how many, which is 0 when there is no memory for all of them. */
export function kmem_cache_alloc_bulk(
  cache: kmem_cache, gfp: gfp_t, nr: number, p: object[],
): number {
  mightAlloc('kmem_cache_alloc_bulk', gfp)
  for (let i = 0; i < nr; i++) {
    const object = cacheAlloc(cache)
    if (object === null) {
      kmem_cache_free_bulk(cache, i, p)
      return 0
    }
    p[i] = object
  }
  return nr
}
/** Gives `nr` objects back. */
export function kmem_cache_free_bulk(cache: kmem_cache, nr: number, p: object[]): void {
  for (let i = nr - 1; i >= 0; i--) cacheFree(cache, p[i]!)
}
;(kmem_cache_free_bulk as { $freely?: true }).$freely = true
/** Bytes of an object. */
export const kmem_cache_size = quiet((cache: kmem_cache): number => cache.size)

/** As `krealloc` for `n * size` bytes, and for memory from wherever there is some. */
export const krealloc_array = quiet(
  (p: Uint8Array | null, n: number, size: number, gfp: gfp_t): Uint8Array | null =>
    krealloc(p, n * size, gfp),
)
export const kvrealloc = krealloc

type Class<T> = new () => T
/** As `kmalloc_obj` and its relatives, for memory from wherever there is some. */
export function kvmalloc_obj<T extends object>(type: Class<T>, gfp: gfp_t = GFP_KERNEL): T | null {
  return kmalloc(type, gfp)
}
export function kvzalloc_obj<T extends object>(type: Class<T>, gfp: gfp_t = GFP_KERNEL): T | null {
  return kzalloc(type, gfp)
}
export function kvmalloc_objs<T extends object>(
  type: Class<T>, n: number, gfp: gfp_t = GFP_KERNEL,
): T[] | null {
  return kcalloc(n, type, gfp)
}
export const kvzalloc_objs = kvmalloc_objs

/** A copy of so many bytes with a zero behind them. */
export function kmemdup_nul(s: Uint8Array, len: number, gfp: gfp_t): Uint8Array | null {
  const copy = kzalloc(len + 1, gfp)
  copy?.set(s.subarray(0, len))
  return copy
}
/** A copy of `n` elements. */
export const kmemdup_array = quiet(
  (src: Uint8Array, count: number, element_size: number, gfp: gfp_t): Uint8Array | null =>
    kmemdup(src, count * element_size, gfp),
)
export const kvmemdup = kmemdup
/** Zeroes the memory before it is given back. */
export function kvfree_sensitive(addr: Uint8Array | null, len: number): void {
  addr?.fill(0, 0, len)
  kfree(addr)
}
;(kvfree_sensitive as { $freely?: true }).$freely = true
