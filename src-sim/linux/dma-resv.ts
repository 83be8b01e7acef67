import { machine } from '../engine/current'
import type { Sim } from '../engine/suspend'
import { kernelCall, quiet } from '../kernel/api'
import type { dma_fence } from '../kernel/dma-buf/dma-fence'
import { combineFences, isContainer } from '../kernel/dma-buf/fence-unwrap'
import * as r from '../kernel/dma-buf/resv'
import type { dma_resv as Resv } from '../kernel/dma-buf/resv'
import * as i from '../kernel/dma-buf/resv-iter'
import type { dma_resv_iter as Iter } from '../kernel/dma-buf/resv-iter'
import { live } from '../kernel/live'
import { mutexIsLocked } from '../kernel/locking/mutex'
import * as w from '../kernel/locking/ww-mutex'
import type { ww_acquire_ctx, ww_class } from '../kernel/locking/ww-mutex'
import { TASK_INTERRUPTIBLE, TASK_UNINTERRUPTIBLE } from '../kernel/sched/states'

/**
 * Reservation objects: `linux/dma-resv`. The fences of a buffer, by what they are for. Holding the
 * lock keeps new fences away; it says nothing about the work under way (RESV-11).
 */

export { dma_resv } from '../kernel/dma-buf/resv'
export { dma_resv_iter } from '../kernel/dma-buf/resv-iter'

/** Moves and clears of memory: always to be waited for. */
export const DMA_RESV_USAGE_KERNEL = r.USAGE_KERNEL
export const DMA_RESV_USAGE_WRITE = r.USAGE_WRITE
export const DMA_RESV_USAGE_READ = r.USAGE_READ
/** Only memory management has to wait. */
export const DMA_RESV_USAGE_BOOKKEEP = r.USAGE_BOOKKEEP
/** What a new access has to wait for (RESV-02). */
export const dma_resv_usage_rw = quiet(function dma_resv_usage_rw(write: boolean): number {
  return write ? r.USAGE_READ : r.USAGE_WRITE
})

/** The class of all reservation locks, for `ww_acquire_init`. */
export const reservation_ww_class: ww_class = live(() => r.reservationClass(machine()))

/** Ready for use: unlocked, no fences. */
export const dma_resv_init = kernelCall('dma_resv_init', r.initResv)
/** Drops all fences; waits for none of them. */
export const dma_resv_fini = kernelCall('dma_resv_fini', r.finiResv)

/** 0, -EALREADY, or -EDEADLK: give back all locks of `ctx` and take this one slowly. May sleep. */
export const dma_resv_lock = kernelCall('dma_resv_lock', (obj: Resv, ctx: ww_acquire_ctx | null) =>
  w.wwLock('dma_resv_lock', obj.lock, ctx, TASK_UNINTERRUPTIBLE),
)
export const dma_resv_lock_interruptible = kernelCall(
  'dma_resv_lock_interruptible',
  (obj: Resv, ctx: ww_acquire_ctx | null) =>
    w.wwLock('dma_resv_lock_interruptible', obj.lock, ctx, TASK_INTERRUPTIBLE),
)
export const dma_resv_lock_slow = kernelCall('dma_resv_lock_slow', function (
  obj: Resv,
  ctx: ww_acquire_ctx,
): void | Sim {
  const wait = w.wwLockSlow('dma_resv_lock_slow', obj.lock, ctx, TASK_UNINTERRUPTIBLE)
  return typeof wait === 'number' ? undefined : (wait as Sim<never>)
})
export const dma_resv_lock_slow_interruptible = kernelCall(
  'dma_resv_lock_slow_interruptible',
  (obj: Resv, ctx: ww_acquire_ctx) =>
    w.wwLockSlow('dma_resv_lock_slow_interruptible', obj.lock, ctx, TASK_INTERRUPTIBLE),
)
/** True when it got the lock at once. */
export const dma_resv_trylock = kernelCall(
  'dma_resv_trylock',
  (obj: Resv): boolean => w.wwTrylock(obj.lock, null) === 1,
)
/** What was reserved and not used is lost. */
export const dma_resv_unlock = kernelCall('dma_resv_unlock', r.unlockResv)
export const dma_resv_is_locked = quiet(function dma_resv_is_locked(obj: Resv): boolean {
  return mutexIsLocked(obj.lock.base)
})
export const dma_resv_locking_ctx = quiet(function dma_resv_locking_ctx(
  obj: Resv,
): ww_acquire_ctx | null {
  return obj.lock.ctx
})
/** Whether the running task holds the lock (true when nobody checks). */
export const dma_resv_held = quiet(r.resvHeld)
/** Reports a caller that does not hold the lock. */
export const dma_resv_assert_held = kernelCall('dma_resv_assert_held', (obj: Resv): void =>
  r.assertResvHeld(obj, ' at dma_resv_assert_held'),
)

/** With the lock held: makes sure that so many fences can be added. 0, -EINVAL or -ENOMEM. */
export const dma_resv_reserve_fences = kernelCall('dma_resv_reserve_fences', r.reserveFences)
/** Adds a fence to what was reserved under this lock, with a reference of its own. */
export const dma_resv_add_fence = kernelCall(
  'dma_resv_add_fence',
  (obj: Resv, fence: dma_fence, usage: number): Sim =>
    r.addFence(obj, fence, usage, isContainer(fence)),
)
/** Puts `fence` in the place of all fences of a timeline, as it implies them. */
export const dma_resv_replace_fences = kernelCall('dma_resv_replace_fences', r.replaceFences)

/** Begins a walk. Pair: `dma_resv_iter_end`. */
export const dma_resv_iter_begin = kernelCall('dma_resv_iter_begin', i.beginIter)
export const dma_resv_iter_end = kernelCall('dma_resv_iter_end', i.endIter)
/** With the lock held: all fences in order, signaled ones as well. Null at the end. */
export const dma_resv_iter_first = kernelCall('dma_resv_iter_first', i.firstLocked)
export const dma_resv_iter_next = kernelCall('dma_resv_iter_next', i.nextLocked)
/** Without the lock: pending fences; may begin anew, see `dma_resv_iter_is_restarted`. */
export const dma_resv_iter_first_unlocked = kernelCall(
  'dma_resv_iter_first_unlocked',
  i.firstUnlocked,
)
export const dma_resv_iter_next_unlocked = kernelCall(
  'dma_resv_iter_next_unlocked',
  i.nextUnlocked,
)
export const dma_resv_iter_usage = quiet((iter: Iter): number => iter.fence_usage)
export const dma_resv_iter_is_restarted = quiet((iter: Iter): boolean => iter.is_restarted)

/** Waits for all fences of a usage: what is left of `timeout` jiffies (at least 1), 0, or negative. */
export const dma_resv_wait_timeout = kernelCall('dma_resv_wait_timeout', i.waitResv)
/** Whether nothing of this usage is pending. */
export const dma_resv_test_signaled = kernelCall('dma_resv_test_signaled', i.testSignaled)
/** Tells all drivers by when somebody would like it to be over. */
export const dma_resv_set_deadline = kernelCall('dma_resv_set_deadline', i.deadlineResv)
/** The pending fences as an array (`kfree` it) with a reference each. 0 or -ENOMEM. */
export const dma_resv_get_fences = kernelCall('dma_resv_get_fences', i.getFences)
/** The same as one fence, or null; an array must not be added again. 0 or -ENOMEM. */
export const dma_resv_get_singleton = kernelCall(
  'dma_resv_get_singleton',
  (obj: Resv, usage: number, fence: { value: dma_fence | null }): Sim<number> =>
    i.getSingleton(obj, usage, fence, combineFences),
)
/** With the lock of `dst` held: takes over the pending fences of `src`. 0 or -ENOMEM. */
export const dma_resv_copy_fences = kernelCall('dma_resv_copy_fences', i.copyFences)
