import { KernelObject } from '../engine/object'
import type { Sim } from '../engine/suspend'
import { kernelCall } from '../kernel/api'
import { mightAlloc } from '../kernel/locking/fs-reclaim'
import type { kmem_cache } from '../kernel/mm/cache'
import { WaitList } from '../kernel/sched/schedule'
import { call } from '../engine/suspend'
import { GFP_KERNEL, kfree, kmalloc, kmem_cache_alloc, kmem_cache_free } from './slab'
import type { gfp_t } from './types'

/** Brought along, as by the C header. */
export * from './compiler'
export * from './wait'

/** Allocations that always succeed in the end, from a reserve: `linux/mempool`. */

type Alloc = (gfp: gfp_t, pool_data: any) => object | null
type Free = (element: any, pool_data: any) => void

export class mempool_t extends KernelObject {
  min_nr = 0
  curr_nr = 0
  pool_data: unknown = null
  /** @internal */
  $alloc: Alloc = () => null
  /** @internal */
  $free: Free = () => {}
  /** @internal The reserve. */
  readonly $elements: object[] = []
  /** @internal */
  readonly $waiters = new WaitList()
}

const DIRECT_RECLAIM = 0x400

function* add(pool: mempool_t, gfp: gfp_t): Sim<boolean> {
  const element = (yield* call(() => pool.$alloc(gfp, pool.pool_data))) as object | null
  if (element === null) return false
  pool.$elements.push(element)
  pool.curr_nr++
  return true
}

/** Makes a pool with `min_nr` elements in reserve. May sleep. Null without memory. */
export const mempool_create: (
  min_nr: number,
  alloc_fn: Alloc,
  free_fn: Free,
  pool_data: unknown,
) => mempool_t | null = kernelCall('mempool_create', function* (
  min_nr: number,
  alloc_fn: Alloc,
  free_fn: Free,
  pool_data: unknown,
): Sim<mempool_t | null> {
  mightAlloc('mempool_create', GFP_KERNEL)
  const pool = new mempool_t()
  pool.min_nr = min_nr
  pool.$alloc = alloc_fn
  pool.$free = free_fn
  pool.pool_data = pool_data
  while (pool.curr_nr < min_nr)
    if (!(yield* add(pool, GFP_KERNEL))) {
      yield* empty(pool)
      return null
    }
  return pool
})

/** Elements of `size` bytes from kmalloc. */
export const mempool_create_kmalloc_pool = (min_nr: number, size: number): mempool_t | null =>
  mempool_create(min_nr, (gfp) => kmalloc(size, gfp), (element: object) => kfree(element), null)
/** Elements from a cache. */
export const mempool_create_slab_pool = (min_nr: number, cache: kmem_cache): mempool_t | null =>
  mempool_create(
    min_nr,
    (gfp) => kmem_cache_alloc(cache, gfp),
    (element: object) => kmem_cache_free(cache, element),
    cache,
  )

/**
 * One element: a new one, else from the reserve, else (if the flags allow) waits until one comes
 * back. Null only for callers that may not sleep.
 */
export const mempool_alloc: (pool: mempool_t, gfp: gfp_t) => any = kernelCall(
  'mempool_alloc',
  function* (pool: mempool_t, gfp: gfp_t): Sim<object | null> {
    mightAlloc('mempool_alloc', gfp)
    for (;;) {
      const element = (yield* call(() => pool.$alloc(gfp & ~DIRECT_RECLAIM, pool.pool_data))) as
        | object
        | null
      if (element !== null) return element
      const reserved = pool.$elements.pop()
      if (reserved !== undefined) {
        pool.curr_nr--
        return reserved
      }
      if (!(gfp & DIRECT_RECLAIM)) return null
      yield* pool.$waiters.waitUntil(() => pool.curr_nr > 0, pool, 'mempool_alloc')
    }
  },
)
/** Gives an element back: to the reserve first. */
export const mempool_free: (element: object | null, pool: mempool_t) => void = kernelCall(
  'mempool_free',
  function* (element: object | null, pool: mempool_t): Sim {
    if (element === null) return
    if (pool.curr_nr < pool.min_nr) {
      pool.$elements.push(element)
      pool.curr_nr++
      pool.$waiters.wakeOne()
    } else yield* call(() => pool.$free(element, pool.pool_data))
  },
)

function* empty(pool: mempool_t): Sim {
  for (const element of pool.$elements.splice(0)) {
    pool.curr_nr--
    yield* call(() => pool.$free(element, pool.pool_data))
  }
}
/** Frees the reserve. All elements must have come back. */
export const mempool_destroy: (pool: mempool_t | null) => void = kernelCall(
  'mempool_destroy',
  function* (pool: mempool_t | null): Sim {
    if (pool !== null) yield* empty(pool)
  },
)
