import { machine } from '../engine/current'
import { KernelObject } from '../engine/object'
import { call, type Sim } from '../engine/suspend'
import { kernelCall, quiet } from '../kernel/api'
import { EINVAL, ENOENT, ENOSPC } from '../kernel/errno'
import * as x from '../kernel/lib/xarray'
import { mightAlloc } from '../kernel/locking/fs-reclaim'
import { warn } from '../kernel/printk/warn'
import { ERR_PTR } from './err'
import type { gfp_t, ptr } from './types'

/** Brought along, as by the C header. */
export * from './gfp'
export * from './percpu'
export * from './xarray'

/** Numbers for pointers (idr) and numbers alone (ida): `linux/idr`. */

const INT_MAX = 0x7fff_ffff

/** Pointers by number. The caller excludes others while it changes something. */
export class idr extends KernelObject {
  /** @internal */
  readonly $xa = x.initXarray(new x.xarray(), x.XA_FLAGS_ALLOC)
  idr_next = 0
}

export const DEFINE_IDR = quiet((_name = ''): idr => new idr())
export const idr_init = kernelCall('idr_init', (i: idr): void => {
  x.clearXarray(i.$xa)
  i.idr_next = 0
})
export const idr_init_base = kernelCall('idr_init_base', (i: idr, base: number): void => {
  x.clearXarray(i.$xa)
  i.idr_next = base
})

function take(i: idr, pointer: unknown, start: number, last: number): number {
  const id = x.freeIndex(i.$xa, start, last)
  if (id < 0) return -ENOSPC
  x.storeAt(i.$xa, id, pointer ?? x.RESERVED)
  return id
}
/** The lowest free number in [start, end) (end <= 0: no limit): it, -ENOSPC or -EINVAL. */
export const idr_alloc = kernelCall(
  'idr_alloc',
  (i: idr, pointer: unknown, start: number, end: number, gfp: gfp_t): number => {
    mightAlloc('idr_alloc', gfp)
    if (start < 0) {
      warn(machine(), 'idr-negative', 'lib/idr.c at idr_alloc', null, { printsOnce: true })
      return -EINVAL
    }
    return take(i, pointer, start, end > 0 ? end - 1 : INT_MAX)
  },
)
/** The same, going on behind the number given out last. */
export const idr_alloc_cyclic = kernelCall(
  'idr_alloc_cyclic',
  (i: idr, pointer: unknown, start: number, end: number, gfp: gfp_t): number => {
    mightAlloc('idr_alloc_cyclic', gfp)
    const last = end > 0 ? end - 1 : INT_MAX
    let id = take(i, pointer, Math.max(start, i.idr_next), last)
    if (id === -ENOSPC && i.idr_next > start) id = take(i, pointer, start, last)
    if (id >= 0) i.idr_next = id + 1
    return id
  },
)
/** The lowest free number from `nextid` up to `max`, left in `nextid`. 0 or -ENOSPC. */
export const idr_alloc_u32 = kernelCall(
  'idr_alloc_u32',
  (i: idr, pointer: unknown, nextid: ptr<number>, max: number, gfp: gfp_t): number => {
    mightAlloc('idr_alloc_u32', gfp)
    const id = take(i, pointer, nextid.value, max)
    if (id < 0) return id
    nextid.value = id
    return 0
  },
)
/** The pointer of a number, or null. Readers need RCU or the caller's lock. */
export const idr_find = kernelCall('idr_find', (i: idr, id: number): any => x.loadAt(i.$xa, id))
/** Takes the number back; answers its pointer, or null. */
export const idr_remove = kernelCall('idr_remove', (i: idr, id: number): any =>
  x.storeAt(i.$xa, id, null),
)
/** Exchanges the pointer of a used number; answers the old one, or an error pointer. */
export const idr_replace = kernelCall('idr_replace', (i: idr, pointer: unknown, id: number): any =>
  i.$xa.$entries.has(id) ? x.storeAt(i.$xa, id, pointer ?? x.RESERVED) : ERR_PTR(-ENOENT),
)
export const idr_is_empty = kernelCall(
  'idr_is_empty',
  (i: idr): boolean => i.$xa.$entries.size === 0,
)
/** Forgets all numbers; what they point to is the caller's. */
export const idr_destroy = kernelCall('idr_destroy', (i: idr): void => x.clearXarray(i.$xa))
/** The first pointer from `nextid` on, which is moved to its number. */
export const idr_get_next = kernelCall('idr_get_next', (i: idr, nextid: ptr<number>): any => {
  const id = x.nextIndex(i.$xa, nextid.value, INT_MAX, -1)
  if (id < 0) return null
  nextid.value = id
  return x.loadAt(i.$xa, id)
})
/** Calls `fn(id, pointer, data)` in order until it answers something else than 0, which is answered. */
export const idr_for_each: (
  i: idr,
  fn: (id: number, pointer: any, data: any) => number,
  data: unknown,
) => number = kernelCall('idr_for_each', function* (
  i: idr,
  fn: (id: number, pointer: any, data: any) => number,
  data: unknown,
): Sim<number> {
  for (const id of [...i.$xa.$order]) {
    const entry = x.loadAt(i.$xa, id)
    const ret = entry === null ? 0 : yield* call(() => fn(id, entry, data))
    if (ret) return ret
  }
  return 0
})
/** All pointers in order: `for (const [id, entry] of idr_for_each_entry(idr))`. */
export const idr_for_each_entry = quiet((i: idr): [number, any][] =>
  i.$xa.$order.map((id): [number, any] => [id, x.loadAt(i.$xa, id)]),
)
/** Memory for an allocation under a spinlock is taken beforehand. Preemption is off until the end. */
export const idr_preload = kernelCall('idr_preload', (gfp: gfp_t): void =>
  mightAlloc('idr_preload', gfp),
)
export const idr_preload_end = kernelCall('idr_preload_end', (): void => {})

/** Numbers alone. Has a lock of its own: any context with the right flags. */
export class ida extends KernelObject {
  /** @internal */
  readonly $xa = x.initXarray(new x.xarray(), x.XA_FLAGS_ALLOC)
}
export const DEFINE_IDA = quiet((_name = ''): ida => new ida())
export const ida_init = kernelCall('ida_init', (i: ida): void => x.clearXarray(i.$xa))
/** The lowest free number in [min, max]: it, -ENOSPC or -ENOMEM. Pair: `ida_free`. */
export const ida_alloc_range = kernelCall(
  'ida_alloc_range',
  (i: ida, min: number, max: number, gfp: gfp_t): number => {
    mightAlloc('ida_alloc_range', gfp)
    const id = x.freeIndex(i.$xa, min, max)
    if (id < 0) return -ENOSPC
    x.storeAt(i.$xa, id, x.RESERVED)
    return id
  },
)
export const ida_alloc = kernelCall('ida_alloc', (i: ida, gfp: gfp_t): number =>
  ida_alloc_range(i, 0, INT_MAX, gfp),
)
export const ida_alloc_min = kernelCall('ida_alloc_min', (
  i: ida, min: number, gfp: gfp_t,
): number =>
  ida_alloc_range(i, min, INT_MAX, gfp),
)
export const ida_alloc_max = kernelCall('ida_alloc_max', (
  i: ida, max: number, gfp: gfp_t,
): number =>
  ida_alloc_range(i, 0, max, gfp),
)
/** Gives a number back; one that is not in use is told. */
export const ida_free = kernelCall('ida_free', (i: ida, id: number): void => {
  if (i.$xa.$entries.has(id)) {
    x.storeAt(i.$xa, id, null)
    return
  }
  const text = `ida_free called for id=${id} which is not allocated.`
  warn(machine(), 'ida-free', 'lib/idr.c at ida_free', text, { once: false })
})
export const ida_exists = kernelCall('ida_exists', (i: ida, id: number): boolean =>
  i.$xa.$entries.has(id),
)
export const ida_is_empty = kernelCall(
  'ida_is_empty',
  (i: ida): boolean => i.$xa.$entries.size === 0,
)
export const ida_destroy = kernelCall('ida_destroy', (i: ida): void => x.clearXarray(i.$xa))
