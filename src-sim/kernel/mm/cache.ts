import { Hook } from '../../base/disposable'
import { machine } from '../../engine/current'
import { hidden, KernelObject } from '../../engine/object'
import { service } from '../../engine/service'
import { addressOf, hex16 } from '../printk/format'
import { kernelLog } from '../printk/log'
import { warn } from '../printk/warn'
import { rcuBarrier } from '../rcu/update'
import type { Sim } from '../../engine/suspend'
import { slab, type Allocation } from './slab'

/** Objects of one kind, from an allocator of their own. */
export class kmem_cache extends KernelObject {
  name: string
  size: number
  /** @internal */
  readonly $make: () => object
  /** @internal */
  readonly $constructor: ((object: any) => void) | null

  constructor(
    name: string,
    size: number,
    make: () => object,
    constructor: ((object: any) => void) | null,
  ) {
    super()
    this.name = name
    this.size = size
    this.$make = make
    this.$constructor = constructor
  }
}

class Caches {
  readonly on = { destroy: new Hook<[kmem_cache]>() }
  readonly live = new Map<kmem_cache, Set<object>>()
}

export const caches = service(() => new Caches())

export function createCache(cache: kmem_cache): kmem_cache {
  caches(machine()).live.set(cache, new Set())
  return cache
}

export function cacheAlloc(cache: kmem_cache): object | null {
  const m = machine()
  const object = slab(m).alloc(cache.$make(), cache.size, cache.name)
  if (object === null) return null
  cache.$constructor?.(object)
  caches(m).live.get(cache)?.add(object)
  ;(object as { $cache?: kmem_cache }).$cache = cache
  return object
}

/** Frees an object; one of another cache is told and freed all the same. */
export function cacheFree(cache: kmem_cache, object: object): void {
  const m = machine()
  const owner = (object as { $cache?: kmem_cache }).$cache
  if (owner !== cache) {
    const from = owner?.name ?? (hidden(object).$alloc as Allocation | undefined)?.cache ?? 'nowhere'
    const text = `cache_from_obj: Wrong slab cache. ${cache.name} but object is from ${from}`
    warn(m, 'slab-wrong-cache', 'mm/slub.c at cache_from_obj', text, { once: false })
  }
  forget(object)
  slab(m).free(object)
}

/** Whoever frees it: the cache no longer counts it. */
function forget(object: object): void {
  const owner = (object as { $cache?: kmem_cache }).$cache
  if (owner) caches(machine()).live.get(owner)?.delete(object)
}

/** Waits for what kfree_rcu has still to free, then ends the cache; with objects left it leaks. */
export function* destroyCache(cache: kmem_cache): Sim {
  const m = machine()
  const all = caches(m)
  const live = all.live.get(cache)
  if (!live) return
  yield* rcuBarrier()
  const left = [...live].filter((o) => (hidden(o).$alloc as Allocation).freed === null)
  if (left.length > 0) {
    const objects = left.map((o) => `Object 0x${hex16(addressOf(m, o))} @offset=0\n`).join('')
    kernelLog(m).print(
      3, `BUG ${cache.name}: Objects remaining on __kmem_cache_shutdown()\n${objects}`,
    )
    warn(m, 'slab-objects-left', 'mm/slab_common.c at kmem_cache_destroy',
      `kmem_cache_destroy ${cache.name}: Slab cache still has objects when called`,
      { objects: left })
    return
  }
  all.live.delete(cache)
  all.on.destroy.emit(cache)
}
