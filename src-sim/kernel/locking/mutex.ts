import { machine } from '../../engine/current'
import type { Exec, Task } from '../../engine/exec'
import { KernelObject } from '../../engine/object'
import type { Sim } from '../../engine/suspend'
import { contention_begin, contention_end } from '../../trace/events'
import { frame } from '../api'
import { emit } from '../emit'
import { memoryAccess } from '../mm/watch'
import { currentOrContext } from '../sched/context'
import { EINTR } from '../errno'
import { mightSleep, scheduleFor } from '../sched/schedule'
import { signalPendingState } from '../sched/signal'
import {
  setTaskState,
  TASK_INTERRUPTIBLE,
  TASK_KILLABLE,
  TASK_RUNNING,
  TASK_UNINTERRUPTIBLE,
} from '../sched/states'
import { debugLocksWarn } from './debug'
import { locking, type Locking } from './locking'
import { initLockMap, LD_WAIT_SLEEP, type lockdep_map } from './map'

/** One task in the queue of a mutex. */
export interface MutexWaiter {
  task: Exec
  /** Of ww_mutexes: the acquire context that waits. */
  context: object | null
}

/** Sleeping lock with an owner. Waiters queue up; a running task may still be quicker than them. */
export class mutex extends KernelObject {
  dep_map: lockdep_map | null = null
  /** @internal */
  $owner: Exec | null = null
  /** @internal The head of the queue has been passed over: the next unlock hands the lock to it. */
  $handoff = false
  /** @internal The waiter that an unlock has handed the lock to. */
  $handedTo: MutexWaiter | null = null
  /** @internal */
  $waiters: MutexWaiter[] | null = null
  /** @internal Initialised and not destroyed. */
  $magic = false
}

export function initMutex(lock: mutex, name?: string, key?: unknown): void {
  initLockMap(lock, name, key, LD_WAIT_SLEEP, LD_WAIT_SLEEP)
  lock.$owner = null
  lock.$handoff = false
  lock.$waiters = null
  lock.$magic = true
}

export function defineMutex(name: string): mutex {
  const lock = new mutex()
  initMutex(lock, name || undefined, lock)
  return lock
}

export function takeMutex(l: Locking, lock: mutex, self: Exec | null): void {
  lock.$owner = self
  if (l.traced || l.on.acquired.listened) l.acquired(lock, 0)
}

/** All ways to lock: answers 0 or -EINTR. `bits` is the state to sleep in. */
export function lockMutex(
  name: string,
  lock: mutex,
  bits: number,
  subclass = 0,
  nest: lockdep_map | null = null,
): number | Sim<number> {
  mightSleep(name)
  const l = locking(machine())
  if (l.debug && !lock.$magic)
    debugLocksWarn(l, 'lock->magic != lock', 'kernel/locking/mutex.c', name)
  if (l.watches(lock)) l.acquire(lock, subclass, false, 0, nest)
  if (lock.$owner !== null || lock.$handoff) return frame('__mutex_lock', lockSlowly(l, lock, bits))
  takeMutex(l, lock, currentOrContext())
  return 0
}

function* lockSlowly(l: Locking, lock: mutex, bits: number): Sim<number> {
  const m = machine()
  const self = currentOrContext()!
  const waiter: MutexWaiter = { task: self, context: null }
  l.contended(lock, lock.$owner)
  emit(contention_begin, lock, 'mutex')
  const waiters = (lock.$waiters ??= [])
  waiters.push(waiter)
  for (let passedOver = 0; ; passedOver++) {
    if (mutexAvailable(lock, waiter)) break
    if (self.kind === 'task' && signalPendingState(bits, self as Task)) {
      leave(lock, waiter)
      l.release(lock)
      emit(contention_end, lock, -EINTR)
      return -EINTR
    }
    if (passedOver > 0 && waiters[0] === waiter) lock.$handoff = true
    if (self.kind === 'task') setTaskState(self as Task, bits, m.nowNs, null)
    yield* scheduleFor(lock, 'mutex')
    memoryAccess(m).touch(lock, 'owner', true)
    if (self.kind === 'task') setTaskState(self as Task, TASK_RUNNING, 0, null)
  }
  leave(lock, waiter)
  emit(contention_end, lock, 0)
  takeMutex(l, lock, self)
  return 0
}

/** Free for this waiter, or handed to it. */
export function mutexAvailable(lock: mutex, waiter: MutexWaiter): boolean {
  if (lock.$handedTo === waiter) return true
  return lock.$owner === null && (!lock.$handoff || lock.$waiters![0] === waiter)
}

export function leave(lock: mutex, waiter: MutexWaiter): void {
  const waiters = lock.$waiters
  if (waiters === null) return
  const at = waiters.indexOf(waiter)
  if (at === 0) lock.$handoff = false
  if (lock.$handedTo === waiter) lock.$handedTo = null
  if (at >= 0) waiters.splice(at, 1)
  if (waiters.length === 0) lock.$waiters = null
}

export const mutexLock = (lock: mutex): number | Sim<number> =>
  lockMutex('mutex_lock', lock, TASK_UNINTERRUPTIBLE)

export const mutexLockInterruptible = (lock: mutex): number | Sim<number> =>
  lockMutex('mutex_lock_interruptible', lock, TASK_INTERRUPTIBLE)

export const mutexLockKillable = (lock: mutex): number | Sim<number> =>
  lockMutex('mutex_lock_killable', lock, TASK_KILLABLE)

export function mutexTrylock(lock: mutex, nest: lockdep_map | null = null): number {
  const l = locking(machine())
  if (l.debug && !lock.$magic)
    debugLocksWarn(l, 'lock->magic != lock', 'kernel/locking/mutex.c', 'mutex_trylock')
  if (lock.$owner !== null || lock.$handoff) return 0
  if (l.watches(lock)) l.acquire(lock, 0, true, 0, nest)
  takeMutex(l, lock, currentOrContext())
  return 1
}

/** Takes effect whoever calls it: a wrong owner is reported and loses the lock. */
export function mutexUnlock(lock: mutex): void {
  const m = machine()
  const l = locking(m)
  if (l.on.release.listened) l.release(lock)
  if (l.debug) checkUnlock(l, lock)
  const first = lock.$waiters === null ? null : lock.$waiters[0]!
  lock.$handedTo = lock.$handoff ? first : null
  lock.$owner = lock.$handedTo === null ? null : lock.$handedTo.task
  if (l.traced || l.on.released.listened) l.released(lock, 0)
  if (first !== null && first.task.kind === 'task') m.wake(first.task as Task)
}

function checkUnlock(l: Locking, lock: mutex): void {
  if (!lock.$magic)
    debugLocksWarn(l, 'lock->magic != lock', 'kernel/locking/mutex-debug.c', 'debug_mutex_unlock')
  else if (lock.$owner !== currentOrContext())
    debugLocksWarn(
      l,
      '__owner_task(owner) != current',
      'kernel/locking/mutex.c',
      '__mutex_unlock_slowpath',
    )
}

export const mutexIsLocked = (lock: mutex): boolean => lock.$owner !== null

export function mutexDestroy(lock: mutex): void {
  const l = locking(machine())
  if (l.debug && lock.$owner !== null)
    debugLocksWarn(l, 'mutex_is_locked(lock)', 'kernel/locking/mutex-debug.c', 'mutex_destroy')
  l.on.destroy.emit(lock)
  lock.$magic = false
}
