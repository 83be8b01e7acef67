import { kernelCall, named, quiet } from '../kernel/api'
import { call, type Sim } from '../engine/suspend'
import * as r from '../kernel/locking/refcount'
import type { kref as Kref } from '../kernel/locking/refcount'
import { mutexLock, mutexUnlock, type mutex } from '../kernel/locking/mutex'
import { spinLock, spinUnlock, type spinlock_t } from '../kernel/locking/spinlock'

/** Brought along, as by the C header. */
export * from './refcount'

/** Reference counts with a release function: `linux/kref`. */

export { kref } from '../kernel/locking/refcount'

type Release = (kref: Kref) => void

/** The first reference. */
export function kref_init(kref: Kref): void {
  r.refInit(kref)
}
export function kref_read(kref: Kref): number {
  return r.refRead(kref)
}
/** One more reference; the caller must already have one. */
export function kref_get(kref: Kref): void {
  r.refGet(kref)
}
/** A reference to something that may be dying: 0 when it is dead. */
export function kref_get_unless_zero(kref: Kref): number {
  return r.refcountAddNotZero(1, kref) ? 1 : 0
}

const releasing = named('kref_put', function* (kref: Kref, release: Release): Sim<number> {
  yield* call(() => release(kref))
  return 1
})

/** Drops a reference; the last one calls `release`, then 1 is answered, else 0. */
export const kref_put = kernelCall('kref_put', function (
  kref: Kref,
  release: Release,
): number | Sim<number> {
  return r.refPut(kref) ? releasing(kref, release) : 0
})

/** As `kref_put`, but the last reference takes the mutex first; `release` has to unlock it. */
export const kref_put_mutex = kernelCall('kref_put_mutex', function* (
  kref: Kref,
  release: Release,
  lock: mutex,
): Sim<number> {
  if (r.refcountDecNotOne(kref)) return 0
  const wait = mutexLock(lock)
  if (typeof wait !== 'number') yield* wait
  if (!r.refPut(kref)) {
    mutexUnlock(lock)
    return 0
  }
  return yield* releasing(kref, release)
})

/** As `kref_put`, but the last reference takes the spinlock first; `release` has to unlock it. */
export const kref_put_lock = kernelCall('kref_put_lock', function* (
  kref: Kref,
  release: Release,
  lock: spinlock_t,
): Sim<number> {
  if (r.refcountDecNotOne(kref)) return 0
  const wait = spinLock(lock)
  if (wait) yield* wait
  if (!r.refPut(kref)) {
    spinUnlock(lock)
    return 0
  }
  return yield* releasing(kref, release)
})
/** A counter of one, for initialisers. */
export const KREF_INIT = quiet((n = 1): Kref => {
  const k = new r.kref()
  r.refcountSet(k, n)
  return k
})
