import { kernelCall, quiet } from '../kernel/api'
import { call, type Sim } from '../engine/suspend'
import {
  localIrqDisable, localIrqEnable, localIrqRestore, localIrqSave,
} from '../kernel/irq/irqflags'
import * as m from '../kernel/locking/mutex'
import * as rw from '../kernel/locking/rwlock'
import * as sem from '../kernel/locking/rwsem'
import * as spin from '../kernel/locking/spinlock'
import { srcuReadLock, srcuReadUnlock } from '../kernel/rcu/srcu'
import { rcuReadLock, rcuReadUnlock } from '../kernel/rcu/tree'
import { migrateDisable, migrateEnable } from '../kernel/sched/policy'
import { preemptDisable, preemptEnable } from '../kernel/sched/schedule'
import { TASK_INTERRUPTIBLE, TASK_KILLABLE, TASK_UNINTERRUPTIBLE } from '../kernel/sched/states'

/**
 * Guards: `linux/cleanup`. C's `scoped_guard(mutex, &lock) { ... }` is written
 * `scoped_guard('mutex', lock, () => { ... })`: the lock is held inside the function and given back
 * however it is left. What the function answers is answered. C's `guard(mutex)(&lock)` is a
 * `scoped_guard` around the rest of the function.
 */

/** Takes the lock and answers how to give it back; null when it could not be taken. */
type Enter = (lock: any) => (() => unknown) | null | Sim<(() => unknown) | null>

/** A lock whose taking answers nothing. */
const plain =
  (take: (lock: any) => unknown, give: (lock: any) => unknown): Enter =>
  function* (lock) {
    yield* call(() => take(lock))
    return () => give(lock)
  }
/** One whose taking answers what giving it back needs. */
const keyed =
  (take: (lock: any) => unknown, give: (lock: any, key: any) => unknown): Enter =>
  function* (lock) {
    const key = yield* call(() => take(lock))
    return () => give(lock, key)
  }
/** One that may not be got: `got` looks at the answer. */
const attempt =
  (take: (lock: any) => unknown, give: (lock: any) => unknown, got: (a: unknown) => boolean): Enter =>
  function* (lock) {
    return got(yield* call(() => take(lock))) ? () => give(lock) : null
  }
const isZero = (answer: unknown): boolean => answer === 0
const isTrue = (answer: unknown): boolean => Boolean(answer)

const D = TASK_UNINTERRUPTIBLE
const lockWith = (bits: number) => (lock: m.mutex) => m.lockMutex('mutex_lock', lock, bits)
const readWith = (bits: number) => (s: sem.rw_semaphore) => sem.downRead('down_read', s, bits)
const writeWith = (bits: number) => (s: sem.rw_semaphore) => sem.downWrite('down_write', s, bits)
const trySpin = attempt(spin.spinTrylock, spin.spinUnlock, isTrue)
const spinIrqsave = keyed((l) => spin.spinLockIrqsave(l), spin.spinUnlockIrqrestore)

const GUARDS = {
  mutex: plain(lockWith(D), m.mutexUnlock),
  mutex_try: attempt((lock) => m.mutexTrylock(lock), m.mutexUnlock, isTrue),
  mutex_intr: attempt(lockWith(TASK_INTERRUPTIBLE), m.mutexUnlock, isZero),
  mutex_kill: attempt(lockWith(TASK_KILLABLE), m.mutexUnlock, isZero),
  rwsem_read: plain(readWith(D), (s) => sem.upRead(s)),
  rwsem_read_try: attempt(sem.downReadTrylock, (s) => sem.upRead(s), isTrue),
  rwsem_read_intr: attempt(readWith(TASK_INTERRUPTIBLE), (s) => sem.upRead(s), isZero),
  rwsem_write: plain(writeWith(D), sem.upWrite),
  rwsem_write_try: attempt(sem.downWriteTrylock, sem.upWrite, isTrue),
  rwsem_write_kill: attempt(writeWith(TASK_KILLABLE), sem.upWrite, isZero),
  spinlock: plain(spin.spinLock, spin.spinUnlock),
  spinlock_try: trySpin,
  spinlock_irq: plain(spin.spinLockIrq, spin.spinUnlockIrq),
  spinlock_bh: plain(spin.spinLockBh, spin.spinUnlockBh),
  spinlock_irqsave: spinIrqsave,
  raw_spinlock: plain(spin.spinLock, spin.spinUnlock),
  raw_spinlock_try: trySpin,
  raw_spinlock_irq: plain(spin.spinLockIrq, spin.spinUnlockIrq),
  raw_spinlock_bh: plain(spin.spinLockBh, spin.spinUnlockBh),
  raw_spinlock_irqsave: spinIrqsave,
  read_lock: plain(rw.readLock, rw.readUnlock),
  write_lock: plain(rw.writeLock, rw.writeUnlock),
  rcu: plain(rcuReadLock, rcuReadUnlock),
  srcu: keyed((d) => srcuReadLock(d, 'normal'), srcuReadUnlock),
  preempt: plain(preemptDisable, preemptEnable),
  migrate: plain(migrateDisable, migrateEnable),
  irq: plain(localIrqDisable, localIrqEnable),
  irqsave: keyed(localIrqSave, (_lock, flags: number) => localIrqRestore(flags)),
} satisfies Record<string, Enter>

type Guard = keyof typeof GUARDS

function* guarded<T>(kind: Guard, lock: object | null, body: () => T): Sim<T | typeof REFUSED> {
  const leave = yield* call(() => (GUARDS[kind] as Enter)(lock))
  if (leave === null) return REFUSED
  try {
    return yield* call(body)
  } finally {
    yield* call(leave as () => unknown)
  }
}
const REFUSED = Symbol('not taken')

/** Runs `body` with the lock held. For `'rcu'`, `'preempt'` and `'irq'` the lock is null. */
export const scoped_guard = kernelCall('scoped_guard', function* <T>(
  kind: Guard,
  lock: object | null,
  body: () => T,
): Sim<T | undefined> {
  const result = yield* guarded(kind, lock, body)
  return result === REFUSED ? undefined : result
}) as <T>(kind: Guard, lock: object | null, body: () => T) => T

/** The same for locks that may not be got; then `fail()` runs instead, and its answer counts. */
export const scoped_cond_guard = kernelCall('scoped_cond_guard', function* <T>(
  kind: Guard,
  fail: () => T,
  lock: object | null,
  body: () => T,
): Sim<T> {
  const result = yield* guarded(kind, lock, body)
  return result === REFUSED ? yield* call(fail) : result
}) as <T>(kind: Guard, fail: () => T, lock: object | null, body: () => T) => T

/** Hands a pointer on: answers it, and the variable it was in is to be forgotten. */
export const no_free_ptr = quiet(function no_free_ptr<T>(pointer: T): T {
  return pointer
})
export const return_ptr = no_free_ptr
export const retain_and_null_ptr = quiet((_pointer: unknown): void => {})
