import { hidden } from '../engine/object'
import type { Sim } from '../engine/suspend'
import { kernelCall, quiet } from '../kernel/api'
import * as f from '../kernel/dma-buf/dma-fence'
import type { dma_fence as Fence, dma_fence_ops as Ops } from '../kernel/dma-buf/dma-fence'
import * as l from '../kernel/dma-buf/fence-lockdep'
import * as o from '../kernel/dma-buf/fence-order'
import * as s from '../kernel/dma-buf/fence-signal'
import * as w from '../kernel/dma-buf/fence-wait'
import type { kref as Kref } from '../kernel/locking/refcount'
import { printkText, KERN_SOH } from '../kernel/printk/printk'
import type { spinlock_t } from '../kernel/locking/spinlock'

/** Brought along, as by the C header. */
export * from './bitops'
export * from './err'
export * from './kref'
export * from './list'
export * from './printk'
export * from './rcupdate'
export * from './sched'
export * from './wait'

/**
 * Fences: `linux/dma-fence`. A fence stands for work of the hardware that will be over in bounded
 * time. It is signaled once and for ever; what waits for it either sleeps or leaves a callback,
 * which runs under the lock of the fence with interrupts off (FENCE-03, FENCE-13).
 */

export { dma_fence, dma_fence_cb } from '../kernel/dma-buf/dma-fence'
export type { dma_fence_func_t, dma_fence_ops } from '../kernel/dma-buf/dma-fence'

/** Bits of `fence->flags`; a driver's own begin at DMA_FENCE_FLAG_USER_BITS. */
export const DMA_FENCE_FLAG_INITIALIZED_BIT = f.INITIALIZED_BIT
export const DMA_FENCE_FLAG_INLINE_LOCK_BIT = f.INLINE_LOCK_BIT
export const DMA_FENCE_FLAG_SEQNO64_BIT = f.SEQNO64_BIT
export const DMA_FENCE_FLAG_SIGNALED_BIT = f.SIGNALED_BIT
export const DMA_FENCE_FLAG_TIMESTAMP_BIT = f.TIMESTAMP_BIT
export const DMA_FENCE_FLAG_ENABLE_SIGNAL_BIT = f.ENABLE_SIGNAL_BIT
export const DMA_FENCE_FLAG_USER_BITS = f.USER_BITS

const MAX_ERRNO = 4095

/**
 * Makes a fence ready: one reference, pending, no error. `lock` null: the fence has a lock of its
 * own; a lock of the driver must be safe for interrupts and live as long as the fence's memory
 * (FENCE-01, FENCE-19).
 */
export const dma_fence_init = kernelCall(
  'dma_fence_init',
  (fence: Fence, ops: Ops, lock: spinlock_t | null, context: number, seqno: number): void =>
    f.initFence(fence, ops, lock, context, seqno),
)
/** As `dma_fence_init` for timelines whose numbers never wrap. */
export const dma_fence_init64 = kernelCall(
  'dma_fence_init64',
  (fence: Fence, ops: Ops, lock: spinlock_t | null, context: number, seqno: number): void =>
    f.initFence(fence, ops, lock, context, seqno, true),
)
/** Whether the fence went through `dma_fence_init`. */
export const dma_fence_was_initialized = kernelCall(
  'dma_fence_was_initialized',
  (fence: Fence | null): boolean =>
    fence !== null && f.testFlag(fence, f.INITIALIZED_BIT, 'dma_fence_was_initialized'),
)
/** Numbers for `num` new timelines; answers the first. */
export const dma_fence_context_alloc = kernelCall('dma_fence_context_alloc', f.contextAlloc)

/** The lock that guards the fence: its own one or the driver's. */
export const dma_fence_spinlock = quiet(f.fenceSpinlock)
/** Takes it; answers the flags for `dma_fence_unlock_irqrestore`. */
export const dma_fence_lock_irqsave = kernelCall(
  'dma_fence_lock_irqsave',
  (fence: Fence): Sim<number> => f.lockFence(fence, 'dma_fence_lock_irqsave'),
)
export const dma_fence_unlock_irqrestore = kernelCall(
  'dma_fence_unlock_irqrestore',
  f.unlockFence,
)
/** Reports a caller that does not hold the lock. */
export const dma_fence_assert_held = kernelCall('dma_fence_assert_held', (fence: Fence): void =>
  f.assertFenceLocked(fence, 'dma_fence_assert_held'),
)

/** One more reference; null stays null. */
export const dma_fence_get = kernelCall('dma_fence_get', s.getFence)
/** Inside an RCU reader: null when the fence is dying (FENCE-11). */
export const dma_fence_get_rcu = kernelCall('dma_fence_get_rcu', s.getFenceRcu)
/** Inside an RCU reader: a reference to what the slot (`ptr_to(obj, 'fence')`) holds. */
export const dma_fence_get_rcu_safe = kernelCall('dma_fence_get_rcu_safe', s.getFenceRcuSafe)
/** Drops a reference; the last one releases the fence. Any context. */
export const dma_fence_put = kernelCall('dma_fence_put', s.putFence)
/** The release function of `fence->refcount`. */
export const dma_fence_release = kernelCall(
  'dma_fence_release',
  (refcount: Kref): Sim => s.releaseFence(hidden(refcount).$parent as Fence),
)
/** Frees the memory that begins with the fence, after a grace period: for `ops->release`. */
export const dma_fence_free = kernelCall('dma_fence_free', s.freeFence)

/** Signals; a second time is ignored. Any context (FENCE-02). */
export const dma_fence_signal = kernelCall('dma_fence_signal', s.signal)
/** The same where the lock of the fence is held. */
export const dma_fence_signal_locked = kernelCall('dma_fence_signal_locked', (fence: Fence): Sim =>
  s.signalLocked(fence),
)
/** The same with a time of its own. */
export const dma_fence_signal_timestamp = kernelCall(
  'dma_fence_signal_timestamp',
  s.signalTimestamp,
)
export const dma_fence_signal_timestamp_locked = kernelCall(
  'dma_fence_signal_timestamp_locked',
  (fence: Fence, timestamp: number): Sim => s.signalLocked(fence, timestamp),
)
/** Signals; true when it had been signaled before. */
export const dma_fence_check_and_signal = kernelCall(
  'dma_fence_check_and_signal',
  s.checkAndSignal,
)
export const dma_fence_check_and_signal_locked = kernelCall(
  'dma_fence_check_and_signal_locked',
  s.checkAndSignalLocked,
)
/** Only looks at the flag; `ops->signaled` is not asked. */
export const dma_fence_test_signaled_flag = kernelCall(
  'dma_fence_test_signaled_flag',
  (fence: Fence): boolean => f.flaggedSignaled(fence, 'dma_fence_test_signaled_flag'),
)
/**
 * Whether it is over. Asks `ops->signaled` too, and signals the fence here and now when that says
 * yes: callbacks run before this returns (FENCE-07).
 */
export const dma_fence_is_signaled = kernelCall('dma_fence_is_signaled', s.isSignaled)
/** The same where the lock of the fence is held. */
export const dma_fence_is_signaled_locked = kernelCall(
  'dma_fence_is_signaled_locked',
  s.isSignaledLocked,
)
/** 0 pending, 1 over, negative: over with that error. Asks as `dma_fence_is_signaled` does. */
export const dma_fence_get_status = kernelCall('dma_fence_get_status', s.status)
export const dma_fence_get_status_locked = kernelCall(
  'dma_fence_get_status_locked',
  s.statusLocked,
)

/**
 * Says with which error (-1 to -4095) the work ended, before it is signaled. Anything else is
 * reported and stored all the same (FENCE-09).
 */
export const dma_fence_set_error = kernelCall('dma_fence_set_error', function (
  fence: Fence,
  error: number,
): void {
  const warnAt = (line: number): void =>
    f.warnFence(
      'fence-error',
      `include/linux/dma-fence.h:${line} at dma_fence_set_error`,
      null,
      'FENCE-09',
    )
  if (f.flaggedSignaled(fence, 'dma_fence_set_error')) warnAt(695)
  if (error >= 0 || error < -MAX_ERRNO) warnAt(696)
  fence.error = error
})
/** When it was signaled. A pending fence is reported and gives the present time. */
export const dma_fence_timestamp = kernelCall('dma_fence_timestamp', s.timestampOf)

/** Asks the driver to announce the signal (FENCE-06). */
export const dma_fence_enable_sw_signaling = kernelCall(
  'dma_fence_enable_sw_signaling',
  s.enableSwSignaling,
)
/**
 * `func(fence, cb)` will be called once, under the lock of the fence: 0. -ENOENT: the fence is
 * signaled and it will not be called (FENCE-04). Any context.
 */
export const dma_fence_add_callback = kernelCall('dma_fence_add_callback', s.addCallback)
/** True: it was queued and will not be called. False says nothing about one that runs now. */
export const dma_fence_remove_callback = kernelCall('dma_fence_remove_callback', s.removeCallback)

/** Sleeps until the signal: 0, or -ERESTARTSYS when `intr` and a signal of the user comes first. */
export const dma_fence_wait = kernelCall('dma_fence_wait', w.wait)
/** Sleeps at most `timeout` jiffies: what is left of them (at least 1), 0, or negative. */
export const dma_fence_wait_timeout = kernelCall('dma_fence_wait_timeout', w.waitTimeout)
/** The wait of fences without `ops->wait`. */
export const dma_fence_default_wait = kernelCall('dma_fence_default_wait', w.defaultWait)
/** Sleeps until one of `count` fences is signaled; `idx` (a `ptr` or null) says which. */
export const dma_fence_wait_any_timeout = kernelCall(
  'dma_fence_wait_any_timeout',
  w.waitAnyTimeout,
)
/** Tells the driver by when (absolute, monotonic) somebody would like it to be over: a hint. */
export const dma_fence_set_deadline = kernelCall('dma_fence_set_deadline', f.setDeadline)

/** Whether `a` comes after `b` on their timeline (FENCE-20). */
export const dma_fence_is_later = kernelCall('dma_fence_is_later', o.isLater)
export const dma_fence_is_later_or_same = kernelCall('dma_fence_is_later_or_same', o.isLaterOrSame)
/** The same of bare numbers. */
export const __dma_fence_is_later = kernelCall('__dma_fence_is_later', o.isLaterNumber)
/** The one that will be signaled last, null when both are signaled. */
export const dma_fence_later = kernelCall('dma_fence_later', o.laterOf)

/** A reference to the one fence that always was signaled. */
export const dma_fence_get_stub = kernelCall('dma_fence_get_stub', o.stubFence)
/** A signaled fence of one's own; null when memory is short. */
export const dma_fence_allocate_private_stub = kernelCall(
  'dma_fence_allocate_private_stub',
  o.privateStub,
)

/** Names, inside an RCU reader and valid as long as that lasts (FENCE-12). */
export const dma_fence_driver_name = kernelCall('dma_fence_driver_name', f.driverName)
export const dma_fence_timeline_name = kernelCall('dma_fence_timeline_name', f.timelineName)

/** From here on runs what a published fence waits for (FENCE-14). Pair: `end`, with the answer. */
export const dma_fence_begin_signalling = kernelCall(
  'dma_fence_begin_signalling',
  l.beginSignalling,
)
export const dma_fence_end_signalling = kernelCall('dma_fence_end_signalling', l.endSignalling)

function say(level: number, fence: Fence, format: string, args: unknown[]): void {
  const name = `f ${fence.context}#${fence.seqno}: `
  printkText(`${KERN_SOH}${level}${name}${format}`, args)
}
/** `pr_warn` and `pr_err` with the numbers of the fence in front. */
export function DMA_FENCE_WARN(fence: Fence, format: string, ...args: unknown[]): void {
  say(4, fence, format, args)
}
export function DMA_FENCE_ERR(fence: Fence, format: string, ...args: unknown[]): void {
  say(3, fence, format, args)
}
