import type { Sim } from '../../engine/suspend'
import { mutexLock, type mutex } from '../locking/mutex'
import { downRead, downWrite, type rw_semaphore } from '../locking/rwsem'
import { TASK_UNINTERRUPTIBLE } from '../sched/states'

/** Taking sleeping locks from functions that may sleep anyway. */

export function* readLock(sem: rw_semaphore): Sim {
  const taking = downRead('down_read', sem, TASK_UNINTERRUPTIBLE)
  if (typeof taking !== 'number') yield* taking
}

export function* writeLock(sem: rw_semaphore): Sim {
  const taking = downWrite('down_write', sem, TASK_UNINTERRUPTIBLE)
  if (typeof taking !== 'number') yield* taking
}

export function* takeMutex(lock: mutex): Sim {
  const taking = mutexLock(lock)
  if (typeof taking !== 'number') yield* taking
}
