import { kernelCall, quiet } from '../kernel/api'
import * as w from '../kernel/locking/ww-mutex'
import type {
  ww_acquire_ctx as Ctx,
  ww_class as Class,
  ww_mutex as Lock,
} from '../kernel/locking/ww-mutex'
import { mutexDestroy, mutexIsLocked } from '../kernel/locking/mutex'
import { TASK_INTERRUPTIBLE, TASK_UNINTERRUPTIBLE } from '../kernel/sched/states'
import type { Sim } from '../engine/suspend'

/** Brought along, as by the C header. */
export * from './mutex'

/**
 * Wound/wait mutexes: `linux/ww_mutex`. For taking several locks of a class in any order: a context
 * that is in the way of an older one gets -EDEADLK, gives everything back, waits for the contended
 * lock with `ww_mutex_lock_slow`, and starts again.
 */

export { ww_acquire_ctx, ww_class, ww_mutex } from '../kernel/locking/ww-mutex'

/** A class in which the younger context backs off (dies) when it meets an older one. */
export function DEFINE_WD_CLASS(name: string): Class {
  return new w.ww_class(name, true)
}
/** A class in which the older context makes the younger one back off (wounds it). */
export function DEFINE_WW_CLASS(name: string): Class {
  return new w.ww_class(name, false)
}
export const ww_mutex_init = kernelCall('ww_mutex_init', w.initWwMutex)
/** Begins an attempt. Pair: `ww_acquire_fini`. */
export const ww_acquire_init = kernelCall('ww_acquire_init', w.wwAcquireInit)
/** No further lock will be taken with this context. */
export const ww_acquire_done = kernelCall('ww_acquire_done', w.wwAcquireDone)
/** Ends an attempt; all locks must have been given back. */
export const ww_acquire_fini = kernelCall('ww_acquire_fini', w.wwAcquireFini)
/** 0, -EALREADY, or -EDEADLK: give back all locks, then `ww_mutex_lock_slow` this one. */
export const ww_mutex_lock = kernelCall('ww_mutex_lock', (lock: Lock, ctx: Ctx | null) =>
  w.wwLock('ww_mutex_lock', lock, ctx, TASK_UNINTERRUPTIBLE),
)
/** The same, or -EINTR. */
export const ww_mutex_lock_interruptible = kernelCall(
  'ww_mutex_lock_interruptible',
  (lock: Lock, ctx: Ctx | null) =>
    w.wwLock('ww_mutex_lock_interruptible', lock, ctx, TASK_INTERRUPTIBLE),
)
/** Waits for the lock that -EDEADLK came from, holding nothing. */
export const ww_mutex_lock_slow = kernelCall('ww_mutex_lock_slow', function (
  lock: Lock,
  ctx: Ctx,
): void | Sim {
  const wait = w.wwLockSlow('ww_mutex_lock_slow', lock, ctx, TASK_UNINTERRUPTIBLE)
  return typeof wait === 'number' ? undefined : (wait as Sim<never>)
})
export const ww_mutex_lock_slow_interruptible = kernelCall(
  'ww_mutex_lock_slow_interruptible',
  (lock: Lock, ctx: Ctx) =>
    w.wwLockSlow('ww_mutex_lock_slow_interruptible', lock, ctx, TASK_INTERRUPTIBLE),
)
/** 1 when it got the lock at once, 0 when not; never an error. */
export const ww_mutex_trylock = kernelCall('ww_mutex_trylock', w.wwTrylock)
export const ww_mutex_unlock = kernelCall('ww_mutex_unlock', w.wwUnlock)
export const ww_mutex_is_locked = quiet(function ww_mutex_is_locked(lock: Lock): boolean {
  return mutexIsLocked(lock.base)
})
export const ww_mutex_destroy = kernelCall(
  'ww_mutex_destroy',
  (lock: Lock) => mutexDestroy(lock.base),
)
/** `DEFINE_WW_MUTEX('lock', ww_class)`. */
export const DEFINE_WW_MUTEX = quiet(function DEFINE_WW_MUTEX(_name: string, ww_class: w.ww_class): Lock {
  const lock = new w.ww_mutex()
  w.initWwMutex(lock, ww_class)
  return lock
})
