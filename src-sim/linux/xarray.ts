import type { Sim } from '../engine/suspend'
import { kernelCall, quiet } from '../kernel/api'
import { EBUSY } from '../kernel/errno'
import * as x from '../kernel/lib/xarray'
import { mightAlloc } from '../kernel/locking/fs-reclaim'
import * as spin from '../kernel/locking/spinlock'
import type { gfp_t, ptr } from './types'

/** Brought along, as by the C header. */
export * from './bitmap'
export * from './bug'
export * from './compiler'
export * from './err'
export * from './gfp'
export * from './limits'
export * from './lockdep'
export * from './rcupdate'
export * from './spinlock'
export * from './types'

/**
 * Pointers by number: `linux/xarray`. Readers need no lock (with RCU); what changes the array takes
 * its spinlock, and may sleep before that for memory as `gfp` says.
 */
export {
  XA_FLAGS_ALLOC, XA_FLAGS_ALLOC1, XA_FLAGS_LOCK_BH, XA_FLAGS_LOCK_IRQ, xarray,
} from '../kernel/lib/xarray'
type Xarray = x.xarray

export const XA_MARK_0 = 0
export const XA_MARK_1 = 1
export const XA_MARK_2 = 2
/** For `xa_find`: any entry, marked or not. */
export const XA_PRESENT = -1

/** A static array. */
export const DEFINE_XARRAY = (name: string): Xarray => x.initXarray(new x.xarray(), 0, name)
export const DEFINE_XARRAY_FLAGS = (name: string, flags: number): Xarray =>
  x.initXarray(new x.xarray(), flags, name)
/** One that hands out indexes, from 0 or from 1 on. */
export const DEFINE_XARRAY_ALLOC = (name: string): Xarray =>
  DEFINE_XARRAY_FLAGS(name, x.XA_FLAGS_ALLOC)
export const DEFINE_XARRAY_ALLOC1 = (name: string): Xarray =>
  DEFINE_XARRAY_FLAGS(name, x.XA_FLAGS_ALLOC1)
export const xa_init = kernelCall('xa_init', (xa: Xarray): void => void x.initXarray(xa, 0))
export const xa_init_flags = kernelCall('xa_init_flags', (xa: Xarray, flags: number): void => {
  x.initXarray(xa, flags)
})

export const xa_lock = kernelCall('xa_lock', (xa: Xarray) => spin.spinLock(xa.xa_lock))
export const xa_unlock = kernelCall('xa_unlock', (xa: Xarray) => spin.spinUnlock(xa.xa_lock))
export const xa_lock_bh = kernelCall('xa_lock_bh', (xa: Xarray) => spin.spinLockBh(xa.xa_lock))
export const xa_unlock_bh = kernelCall(
  'xa_unlock_bh',
  (xa: Xarray) => spin.spinUnlockBh(xa.xa_lock),
)
export const xa_lock_irq = kernelCall('xa_lock_irq', (xa: Xarray) => spin.spinLockIrq(xa.xa_lock))
export const xa_unlock_irq = kernelCall(
  'xa_unlock_irq',
  (xa: Xarray) => spin.spinUnlockIrq(xa.xa_lock),
)
export const xa_lock_irqsave = kernelCall(
  'xa_lock_irqsave',
  (xa: Xarray) => spin.spinLockIrqsave(xa.xa_lock),
)
export const xa_unlock_irqrestore = kernelCall(
  'xa_unlock_irqrestore',
  (xa: Xarray, flags: number) => spin.spinUnlockIrqrestore(xa.xa_lock, flags),
)

function* locked<T>(xa: Xarray, body: () => T): Sim<T> {
  const wait = spin.spinLock(xa.xa_lock)
  if (wait) yield* wait
  const result = body()
  spin.spinUnlock(xa.xa_lock)
  return result
}

/** What is stored at an index, or null. Any context. */
export const xa_load = kernelCall(
  'xa_load',
  (xa: Xarray, index: number): any => x.loadAt(xa, index),
)
/** Stores (null erases) and answers what was there. */
export const xa_store: (xa: Xarray, index: number, entry: unknown, gfp: gfp_t) => any = kernelCall(
  'xa_store',
  (xa: Xarray, index: number, entry: unknown, gfp: gfp_t) => {
    mightAlloc('xa_store', gfp)
    return locked(xa, () => x.storeAt(xa, index, entry))
  },
)
/** Takes out and answers what was there. */
export const xa_erase: (xa: Xarray, index: number) => any = kernelCall(
  'xa_erase',
  (xa: Xarray, index: number) => locked(xa, () => x.storeAt(xa, index, null)),
)
/** For callers that hold the lock. */
export const __xa_store: typeof xa_store = kernelCall(
  '__xa_store',
  (xa: Xarray, index: number, entry: unknown, _gfp: gfp_t) => x.storeAt(xa, index, entry),
)
export const __xa_erase: typeof xa_erase = kernelCall(
  '__xa_erase',
  (xa: Xarray, index: number) => x.storeAt(xa, index, null),
)

function insertAt(xa: Xarray, index: number, entry: unknown): number {
  if (xa.$entries.has(index)) return -EBUSY
  x.storeAt(xa, index, entry ?? x.RESERVED)
  return 0
}
/** Stores where nothing is: 0, or -EBUSY. */
export const xa_insert: (xa: Xarray, index: number, entry: unknown, gfp: gfp_t) => number =
  kernelCall('xa_insert', (xa: Xarray, index: number, entry: unknown, gfp: gfp_t) => {
    mightAlloc('xa_insert', gfp)
    return locked(xa, () => insertAt(xa, index, entry))
  })
/** Stores `entry` where `old` is; answers what was there. */
export const xa_cmpxchg: (
  xa: Xarray,
  index: number,
  old: unknown,
  entry: unknown,
  gfp: gfp_t,
) => any = kernelCall(
  'xa_cmpxchg',
  (xa: Xarray, index: number, old: unknown, entry: unknown, gfp: gfp_t) => {
    mightAlloc('xa_cmpxchg', gfp)
    return locked(xa, () => {
      const found = x.loadAt(xa, index)
      if (found === old) x.storeAt(xa, index, entry)
      return found
    })
  },
)
/** Keeps an index occupied without an entry. 0. Pair: `xa_release`. */
export const xa_reserve = kernelCall('xa_reserve', (
  xa: Xarray, index: number, gfp: gfp_t,
): number => {
  mightAlloc('xa_reserve', gfp)
  if (!xa.$entries.has(index)) x.storeAt(xa, index, x.RESERVED)
  return 0
})
export const xa_release = kernelCall('xa_release', (xa: Xarray, index: number): void => {
  if (xa.$entries.get(index) === x.RESERVED) x.storeAt(xa, index, null)
})

export interface xa_limit {
  min: number
  max: number
}
export const XA_LIMIT = quiet((min: number, max: number): xa_limit => ({ min, max }))
export const xa_limit_32b: xa_limit = { min: 0, max: 0xffff_ffff }
export const xa_limit_31b: xa_limit = { min: 0, max: 0x7fff_ffff }
export const xa_limit_16b: xa_limit = { min: 0, max: 0xffff }

function allocate(xa: Xarray, id: ptr<number>, entry: unknown, limit: xa_limit): number {
  const min = Math.max(limit.min, xa.xa_flags & x.XA_FLAGS_ZERO_BUSY ? 1 : 0)
  const index = x.freeIndex(xa, min, limit.max)
  if (index < 0) return -EBUSY
  x.storeAt(xa, index, entry ?? x.RESERVED)
  id.value = index
  return 0
}
/** Stores at the lowest free index of the limit, which is left in `id`. 0, -EBUSY or -ENOMEM. */
export const xa_alloc: (
  xa: Xarray,
  id: ptr<number>,
  entry: unknown,
  limit: xa_limit,
  gfp: gfp_t,
) => number = kernelCall(
  'xa_alloc',
  (xa: Xarray, id: ptr<number>, entry: unknown, limit: xa_limit, gfp: gfp_t) => {
    mightAlloc('xa_alloc', gfp)
    return locked(xa, () => allocate(xa, id, entry, limit))
  },
)
/** The same, going on behind the index given out last; 1 when it began again from the start. */
export const xa_alloc_cyclic: (
  xa: Xarray,
  id: ptr<number>,
  entry: unknown,
  limit: xa_limit,
  next: ptr<number>,
  gfp: gfp_t,
) => number = kernelCall('xa_alloc_cyclic', (
  xa: Xarray, id: ptr<number>, entry: unknown, limit: xa_limit, next: ptr<number>, gfp: gfp_t,
) => {
  mightAlloc('xa_alloc_cyclic', gfp)
  return locked(xa, () => {
    const min = Math.max(limit.min, next.value)
    let wrapped = 0
    let ret = allocate(xa, id, entry, { min, max: limit.max })
    if (ret < 0 && min > limit.min) {
      ret = allocate(xa, id, entry, limit)
      wrapped = 1
    }
    if (ret < 0) return ret
    next.value = id.value + 1
    return wrapped
  })
})

export * from './xarray/walk'
