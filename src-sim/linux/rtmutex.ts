import { kernelCall, quiet } from '../kernel/api'
import type { Sim } from '../engine/suspend'
import { initMutex, mutexTrylock } from '../kernel/locking/mutex'
import * as r from '../kernel/locking/rtmutex'
import { TASK_INTERRUPTIBLE, TASK_KILLABLE } from '../kernel/sched/states'

/** Mutexes with priority inheritance: `linux/rtmutex`. */

export { rt_mutex } from '../kernel/locking/rtmutex'

export const rt_mutex_init = kernelCall('rt_mutex_init', (lock: r.rt_mutex, name?: string) =>
  initMutex(lock, name),
)
/** Locks; while it waits the owner runs with this task's urgency. Task context. */
export const rt_mutex_lock = kernelCall('rt_mutex_lock', function (lock: r.rt_mutex): void | Sim {
  const wait = r.rtMutexLock('rt_mutex_lock', lock)
  return typeof wait === 'number' ? undefined : (wait as Sim<never>)
})
/** 0, or -EINTR when a signal came first. */
export const rt_mutex_lock_interruptible = kernelCall(
  'rt_mutex_lock_interruptible',
  (lock: r.rt_mutex) => r.rtMutexLock('rt_mutex_lock_interruptible', lock, TASK_INTERRUPTIBLE),
)
export const rt_mutex_trylock = kernelCall(
  'rt_mutex_trylock',
  (lock: r.rt_mutex) => mutexTrylock(lock),
)
export const rt_mutex_unlock = kernelCall('rt_mutex_unlock', r.rtMutexUnlock)
/** 0, or -EINTR when the task is being killed. */
export const rt_mutex_lock_killable = kernelCall(
  'rt_mutex_lock_killable',
  (lock: r.rt_mutex) => r.rtMutexLock('rt_mutex_lock_killable', lock, TASK_KILLABLE),
)
export const rt_mutex_is_locked = quiet((lock: r.rt_mutex): boolean => lock.$owner !== null)
/** A static mutex. */
export const DEFINE_RT_MUTEX = (name = ''): r.rt_mutex => {
  const lock = new r.rt_mutex()
  initMutex(lock, name || undefined, lock)
  return lock
}
