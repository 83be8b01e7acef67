import type { Task } from '../../engine/exec'
import type { Sim } from '../../engine/suspend'
import { currentOrContext } from '../sched/context'
import { TASK_UNINTERRUPTIBLE } from '../sched/states'
import { lockMutex, mutex, mutexUnlock } from './mutex'

/** A mutex whose owner runs with the urgency of its most urgent waiter. */
export class rt_mutex extends mutex {
  /** @internal The owner's own priority while it is lent another. */
  $own: { task: Task; priority: number } | null = null
}

export function rtMutexLock(
  name: string,
  lock: rt_mutex,
  bits = TASK_UNINTERRUPTIBLE,
): number | Sim<number> {
  const owner = lock.$owner
  const self = currentOrContext()
  if (owner?.kind === 'task' && self?.kind === 'task') lend(lock, owner as Task, self as Task)
  return lockMutex(name, lock, bits)
}

function lend(lock: rt_mutex, owner: Task, waiter: Task): void {
  if (owner === waiter || waiter.priority >= owner.priority) return
  lock.$own ??= { task: owner, priority: owner.priority }
  owner.priority = waiter.priority
}

export function rtMutexUnlock(lock: rt_mutex): void {
  const { $own: own } = lock
  if (own !== null) {
    own.task.priority = own.priority
    lock.$own = null
    const { cpu } = own.task
    if (cpu.queue.some((t) => t.priority < own.priority)) cpu.needResched = true
  }
  mutexUnlock(lock)
}

