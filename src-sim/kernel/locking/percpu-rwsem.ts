import { machine } from '../../engine/current'
import type { Exec, Task } from '../../engine/exec'
import { KernelObject } from '../../engine/object'
import type { Sim } from '../../engine/suspend'
import { frame } from '../api'
import { currentOrContext } from '../sched/context'
import { synchronizeRcu } from '../rcu/update'
import {
  current,
  mightSleep,
  preemptDisable,
  preemptEnable,
  sleepOn,
  wakeUp,
  WaitList,
} from '../sched/schedule'
import { locking } from './locking'
import { initLockMap, LD_WAIT_SLEEP, type lockdep_map } from './map'

interface Waiter {
  task: Task
  write: boolean
  granted: boolean
}

/** Many readers at no cost; a writer waits for a grace period and then for all readers. */
export class percpu_rw_semaphore extends KernelObject {
  dep_map: lockdep_map | null = null
  /** @internal */
  $readers = 0
  /** @internal A writer waits or writes: readers queue up. */
  $blocked = false
  /** @internal */
  $writer: Exec | null = null
  /** @internal First come first served; the lock is handed over. */
  readonly $queue: Waiter[] = []
  /** @internal The writer that waits for the last reader. */
  readonly $draining = new WaitList()
}

export function initPercpuRwsem(sem: percpu_rw_semaphore, name?: string, key?: unknown): number {
  initLockMap(sem, name, key, LD_WAIT_SLEEP, LD_WAIT_SLEEP)
  sem.$readers = 0
  sem.$blocked = false
  sem.$writer = null
  return 0
}

function gotRead(sem: percpu_rw_semaphore): void {
  sem.$readers++
  locking(machine()).acquired(sem, 1)
}

export function percpuDownRead(sem: percpu_rw_semaphore): void | Sim {
  mightSleep('percpu_down_read')
  const l = locking(machine())
  if (l.watches(sem)) l.acquire(sem, 0, false, 1, null)
  if (sem.$blocked) return frame('percpu_rwsem_wait', waitRead(sem))
  gotRead(sem)
  return undefined
}

function* queueUp(sem: percpu_rw_semaphore, write: boolean): Sim {
  const waiter: Waiter = { task: current(), write, granted: false }
  sem.$queue.push(waiter)
  while (!waiter.granted)
    yield* sleepOn(sem, write ? 'percpu_down_write' : 'percpu_down_read', 'uninterruptible')
}

/** Hands the semaphore to those who wait: readers up to the next writer, or one writer. */
function handOver(sem: percpu_rw_semaphore): void {
  while (sem.$queue.length > 0 && !sem.$blocked) {
    const waiter = sem.$queue.shift()!
    waiter.granted = true
    if (waiter.write) sem.$blocked = true
    else sem.$readers++
    wakeUp(waiter.task)
  }
}

function* waitRead(sem: percpu_rw_semaphore): Sim {
  yield* queueUp(sem, false)
  locking(machine()).acquired(sem, 1)
}

export function percpuDownReadTrylock(sem: percpu_rw_semaphore): boolean {
  if (sem.$blocked) return false
  const l = locking(machine())
  if (l.watches(sem)) l.acquire(sem, 0, true, 1, null)
  gotRead(sem)
  return true
}

export function percpuUpRead(sem: percpu_rw_semaphore): void {
  const l = locking(machine())
  l.release(sem)
  preemptDisable()
  sem.$readers--
  l.released(sem, 1)
  preemptEnable()
  if (sem.$readers === 0) sem.$draining.wakeAll()
}

export function* percpuDownWrite(sem: percpu_rw_semaphore): Sim {
  mightSleep('percpu_down_write')
  const l = locking(machine())
  if (l.watches(sem)) l.acquire(sem, 0, false, 0, null)
  if (sem.$blocked) yield* queueUp(sem, true)
  else sem.$blocked = true
  yield* synchronizeRcu('synchronize_rcu', false)
  yield* sem.$draining.waitUntil(() => sem.$readers === 0, sem, 'percpu_down_write')
  sem.$writer = currentOrContext()
  l.acquired(sem, 0)
}

export function percpuUpWrite(sem: percpu_rw_semaphore): void {
  const l = locking(machine())
  l.release(sem)
  sem.$blocked = false
  sem.$writer = null
  l.released(sem, 0)
  handOver(sem)
}
