import { kernelCall } from '../kernel/api'
import type { Sim } from '../engine/suspend'
import * as s from '../kernel/locking/semaphore'
import type { semaphore as Sem } from '../kernel/locking/semaphore'
import { MAX_SCHEDULE_TIMEOUT } from '../kernel/time/clock'
import {
  TASK_INTERRUPTIBLE,
  TASK_KILLABLE,
  TASK_UNINTERRUPTIBLE,
} from '../kernel/sched/states'

/** Brought along, as by the C header. */
export * from './list'
export * from './spinlock'

/** Counting semaphores: `linux/semaphore`. They have no owner and lockdep does not see them. */

export { semaphore } from '../kernel/locking/semaphore'

/** A static semaphore with a start value. */
export function DEFINE_SEMAPHORE(_name: string, n: number): Sem {
  const sem = new s.semaphore()
  s.initSemaphore(sem, n)
  return sem
}

/** Sets the count: how many may get through. */
export const sema_init = kernelCall('sema_init', s.initSemaphore)

/** Takes one; sleeps while there is none. First come first served. */
export const down = kernelCall('down', function (sem: Sem): void | Sim {
  const wait = s.downSemaphore('down', sem, TASK_UNINTERRUPTIBLE, MAX_SCHEDULE_TIMEOUT)
  return typeof wait === 'number' ? undefined : (wait as Sim<never>)
})
/** 0, or -EINTR when a signal came first. */
export const down_interruptible = kernelCall('down_interruptible', (sem: Sem) =>
  s.downSemaphore('down_interruptible', sem, TASK_INTERRUPTIBLE, MAX_SCHEDULE_TIMEOUT),
)
export const down_killable = kernelCall('down_killable', (sem: Sem) =>
  s.downSemaphore('down_killable', sem, TASK_KILLABLE, MAX_SCHEDULE_TIMEOUT),
)
/** 0 when it got one, 1 when not: the opposite of `mutex_trylock`. Any context. */
export const down_trylock = kernelCall('down_trylock', s.downTrylock)
/** 0, or -ETIME after `timeout` jiffies. */
export const down_timeout = kernelCall('down_timeout', (sem: Sem, timeout: number) =>
  s.downSemaphore('down_timeout', sem, TASK_UNINTERRUPTIBLE, timeout),
)
/** Gives one back; anybody may, in any context. */
export const up = kernelCall('up', s.upSemaphore)
