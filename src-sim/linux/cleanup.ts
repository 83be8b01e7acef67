import { kernelCall, quiet } from '../kernel/api'
import { call, type Sim } from '../engine/suspend'
import { mutex, mutexLock, mutexUnlock } from '../kernel/locking/mutex'
import { rw_semaphore, downRead, downWrite, upRead, upWrite } from '../kernel/locking/rwsem'
import {
  raw_spinlock_t,
  spinLock,
  spinLockIrqsave,
  spinUnlock,
  spinUnlockIrqrestore,
} from '../kernel/locking/spinlock'
import { rcuReadLock, rcuReadUnlock } from '../kernel/rcu/tree'
import { TASK_UNINTERRUPTIBLE } from '../kernel/sched/states'

/**
 * Guards: `linux/cleanup`. C's `scoped_guard(mutex, &lock) { ... }` is written
 * `scoped_guard('mutex', lock, () => { ... })`: the lock is held inside the function and given back
 * however it is left. What the function answers is answered.
 */

type Guard =
  | 'mutex' | 'spinlock' | 'raw_spinlock' | 'spinlock_irqsave' | 'rwsem_read' | 'rwsem_write' | 'rcu'

/** Takes a lock and answers how to give it back. */
function* enter(kind: Guard, lock: object | null): Sim<() => unknown> {
  if (kind === 'rcu') {
    rcuReadLock()
    return rcuReadUnlock
  }
  if (lock instanceof mutex) {
    yield* call(() => mutexLock(lock))
    return () => mutexUnlock(lock)
  }
  if (lock instanceof rw_semaphore) {
    const bits = TASK_UNINTERRUPTIBLE
    const read = kind === 'rwsem_read'
    yield* call(
      () => (read ? downRead('down_read', lock, bits) : downWrite('down_write', lock, bits)),
    )
    return () => (read ? upRead(lock) : upWrite(lock))
  }
  const spinlock = lock as raw_spinlock_t
  if (kind === 'spinlock_irqsave') {
    const flags = (yield* call(() => spinLockIrqsave(spinlock))) as number
    return () => spinUnlockIrqrestore(spinlock, flags)
  }
  yield* call(() => spinLock(spinlock))
  return () => spinUnlock(spinlock)
}

/** Runs `body` with the lock held. For `'rcu'` the lock is null. */
export const scoped_guard = kernelCall('scoped_guard', function* <T>(
  kind: Guard,
  lock: object | null,
  body: () => T,
): Sim<T> {
  const leave = yield* enter(kind, lock)
  try {
    return yield* call(body)
  } finally {
    leave()
  }
}) as <T>(kind: Guard, lock: object | null, body: () => T) => T

/** Hands a pointer on: answers it, and the variable it was in is to be forgotten. */
export const no_free_ptr = quiet(function no_free_ptr<T>(pointer: T): T {
  return pointer
})
