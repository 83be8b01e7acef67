import { kernelCall } from '../../kernel/api'
import { mightAlloc } from '../../kernel/locking/fs-reclaim'
import { cacheAlloc, cacheFree, createCache, destroyCache, kmem_cache } from '../../kernel/mm/cache'
import { embedMembers, sizeOf } from '../../kernel/mm/embed'
import { visitMembers } from '../../kernel/mm/embed'
import type { Sim } from '../../engine/suspend'
import type { gfp_t } from '../types'

/** Caches of objects of one kind. Part of `linux/slab`. */

export { kmem_cache } from '../../kernel/mm/cache'

export const SLAB_HWCACHE_ALIGN = 0x2000
export const SLAB_PANIC = 0x40000
/** Memory of freed objects may be reused at once, but stays of this type for a grace period. */
export const SLAB_TYPESAFE_BY_RCU = 0x80000
export const SLAB_ACCOUNT = 0x4000000
export const SLAB_RECLAIM_ACCOUNT = 0x20000

type Kind = (new () => object) | number

function make(what: Kind): () => object {
  return typeof what === 'number' ? () => new Uint8Array(what) : () => new what()
}

/**
 * Makes a cache for structures of a class, or for so many bytes. `ctor` is called for each new
 * object. May sleep. Pair: `kmem_cache_destroy`.
 */
export function kmem_cache_create(
  name: string,
  what: Kind,
  _align: number,
  _flags: number,
  ctor: ((object: any) => void) | null,
): kmem_cache | null {
  mightAlloc('kmem_cache_create', 0xcc0)
  const size = typeof what === 'number' ? what : sizeOfClass(what)
  return createCache(new kmem_cache(name, size, make(what), ctor))
}
function sizeOfClass(type: new () => object): number {
  const sample = new type()
  embedMembers(sample)
  return sizeOf(sample)
}

/** A cache for a class, under the class's name. */
export const KMEM_CACHE = (type: new () => object, flags: number): kmem_cache | null =>
  kmem_cache_create(type.name, type, 0, flags, null)

/** One object; null when there is no memory. Pair: `kmem_cache_free`. */
export function kmem_cache_alloc<T extends object>(cache: kmem_cache, gfp: gfp_t): T | null {
  mightAlloc('kmem_cache_alloc', gfp)
  return cacheAlloc(cache) as T | null
}
/** The same, zeroed. */
export function kmem_cache_zalloc<T extends object>(cache: kmem_cache, gfp: gfp_t): T | null {
  mightAlloc('kmem_cache_zalloc', gfp)
  const object = cacheAlloc(cache)
  if (object !== null)
    visitMembers(object, (member) => {
      const fields = member as Record<string, unknown>
      for (const key of Object.keys(fields)) if (typeof fields[key] === 'number') fields[key] = 0
    })
  return object as T | null
}
export function kmem_cache_free(cache: kmem_cache, object: object): void {
  cacheFree(cache, object)
}
;(kmem_cache_free as { $freely?: true }).$freely = true
/** Ends a cache. Objects still in use are told, and the cache leaks. May sleep. */
export const kmem_cache_destroy = kernelCall('kmem_cache_destroy', function* (
  cache: kmem_cache | null,
): Sim {
  if (cache !== null) yield* destroyCache(cache)
})
