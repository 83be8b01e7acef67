import { looksAt } from '../engine/footprint'
import { kernelCall, quiet } from '../kernel/api'
import type { Sim } from '../engine/suspend'
import { change, load, type AtomicCounter } from '../kernel/locking/atomic'
import * as m from '../kernel/locking/mutex'
import type { mutex as Mutex } from '../kernel/locking/mutex'
import type { lockdep_map } from '../kernel/locking/map'
import { refcountDecNotOne, refcountSubAndTest, type refcount_t } from '../kernel/locking/refcount'
import {
  TASK_INTERRUPTIBLE,
  TASK_KILLABLE,
  TASK_UNINTERRUPTIBLE,
} from '../kernel/sched/states'

/** Brought along, as by the C header. */
export * from './atomic'
export * from './cleanup'
export * from './lockdep'
export * from './spinlock'

/**
 * Mutexes: `linux/mutex`. Task context only, since waiting sleeps. The task that locked it must
 * unlock it, once; locking twice is a deadlock.
 */

export { mutex } from '../kernel/locking/mutex'

const unit = (result: number | Sim<number>): void | Sim =>
  typeof result === 'number' ? undefined : (result as Sim<never>)

/** A static mutex: `const m = DEFINE_MUTEX('m')`. */
export function DEFINE_MUTEX(name = ''): Mutex {
  return m.defineMutex(name)
}

/** Makes a mutex ready for use. All that are initialised by the same call are one lockdep class. */
export const mutex_init = kernelCall(
  'mutex_init',
  (lock: Mutex, name?: string) => m.initMutex(lock, name),
)
export const __mutex_init = kernelCall(
  '__mutex_init',
  (lock: Mutex, name: string, key: object) => m.initMutex(lock, name, key),
)

/** Locks; sleeps while another task has it. Nothing but the unlock ends the wait. */
export const mutex_lock = kernelCall('mutex_lock', function (lock: Mutex): void | Sim {
  return unit(m.mutexLock(lock))
})

/** As `mutex_lock` for a lock nested in one of the same class; `subclass` is 0..7. */
export const mutex_lock_nested = kernelCall('mutex_lock_nested', function (
  lock: Mutex,
  subclass: number,
): void | Sim {
  return unit(m.lockMutex('mutex_lock', lock, TASK_UNINTERRUPTIBLE, subclass))
})

/** For any number of mutexes of one class while `outer` is held. */
export const mutex_lock_nest_lock = kernelCall('mutex_lock_nest_lock', function (
  lock: Mutex,
  outer: { dep_map: lockdep_map | null },
): void | Sim {
  return unit(m.lockMutex('mutex_lock', lock, TASK_UNINTERRUPTIBLE, 0, outer.dep_map))
})

/** 0 with the lock held, or -EINTR when a signal came first. */
export const mutex_lock_interruptible = kernelCall(
  'mutex_lock_interruptible',
  m.mutexLockInterruptible,
)
/** 0 with the lock held, or -EINTR when the task is being killed. */
export const mutex_lock_killable = kernelCall('mutex_lock_killable', m.mutexLockKillable)
export const mutex_lock_interruptible_nested = kernelCall(
  'mutex_lock_interruptible_nested',
  (lock: Mutex, subclass: number) =>
    m.lockMutex('mutex_lock_interruptible', lock, TASK_INTERRUPTIBLE, subclass),
)
export const mutex_lock_killable_nested = kernelCall(
  'mutex_lock_killable_nested',
  (lock: Mutex, subclass: number) => m.lockMutex('mutex_lock_killable', lock, TASK_KILLABLE, subclass),
)

/** 1 when it got the mutex at once, 0 when not: the opposite of what `down_trylock` answers. */
export const mutex_trylock = kernelCall('mutex_trylock', (lock: Mutex) => m.mutexTrylock(lock))
/** Unlocks and lets the first waiter try. The memory must stay until this has returned. */
export const mutex_unlock = kernelCall('mutex_unlock', m.mutexUnlock)
/** Whether anybody holds it: a momentary answer. */
export const mutex_is_locked = quiet(function mutex_is_locked(lock: Mutex): boolean {
  looksAt(lock)
  return m.mutexIsLocked(lock)
})
/** Marks the mutex as unusable; it must be unlocked. Memory is not freed. */
export const mutex_destroy = kernelCall('mutex_destroy', m.mutexDestroy)

function* lockAndDrop(counter: refcount_t, lock: Mutex): Sim<boolean> {
  const wait = m.mutexLock(lock)
  if (typeof wait !== 'number') yield* wait
  if (refcountSubAndTest(1, counter)) return true
  m.mutexUnlock(lock)
  return false
}

/** Drops a reference; true with the mutex held when it was the last one, else false without it. */
export const refcount_dec_and_mutex_lock = kernelCall(
  'refcount_dec_and_mutex_lock',
  function (counter: refcount_t, lock: Mutex): boolean | Sim<boolean> {
    return refcountDecNotOne(counter) ? false : lockAndDrop(counter, lock)
  },
)

/** Counts down; 1 with the mutex held when 0 was reached, else 0 without it. */
export const atomic_dec_and_mutex_lock = kernelCall(
  'atomic_dec_and_mutex_lock',
  function* (counter: AtomicCounter, lock: Mutex): Sim<number> {
    if (load(counter) !== 1) {
      change(counter, (old) => old - 1)
      return 0
    }
    const wait = m.mutexLock(lock)
    if (typeof wait !== 'number') yield* wait
    change(counter, (old) => old - 1)
    if (load(counter) === 0) return 1
    m.mutexUnlock(lock)
    return 0
  },
)
/** As `mutex_lock`, counted as waiting for I/O. */
export const mutex_lock_io = mutex_lock
/** As `mutex_trylock`, under an outer lock. */
export const mutex_trylock_nest_lock = kernelCall(
  'mutex_trylock_nest_lock',
  (lock: Mutex, outer: { dep_map: lockdep_map | null }) => m.mutexTrylock(lock, outer.dep_map),
)
export const mutex_lock_killable_nest_lock = kernelCall(
  'mutex_lock_killable_nest_lock',
  (lock: Mutex, outer: { dep_map: lockdep_map | null }) =>
    m.lockMutex('mutex_lock_killable', lock, TASK_KILLABLE, 0, outer.dep_map),
)
