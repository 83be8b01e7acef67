import { machine } from '../../engine/current'
import type { Exec, Task } from '../../engine/exec'
import { KernelObject } from '../../engine/object'
import type { Sim } from '../../engine/suspend'
import { contention_begin, contention_end } from '../../trace/events'
import { frame } from '../api'
import { emit } from '../emit'
import { memoryAccess } from '../mm/watch'
import { addressOf } from '../printk/format'
import { warn } from '../printk/warn'
import { currentOrContext } from '../sched/context'
import { EINTR } from '../errno'
import { mightSleep, scheduleFor } from '../sched/schedule'
import { signalPendingState } from '../sched/signal'
import {
  setTaskState,
  TASK_RUNNING,
  TASK_UNINTERRUPTIBLE,
} from '../sched/states'
import { locking, type Locking } from './locking'
import { initLockMap, LD_WAIT_SLEEP, type lockdep_map } from './map'

interface Waiter {
  task: Exec
  write: boolean
  /** Readers are handed the lock while they sleep. */
  granted: boolean
}

/** Sleeping lock for many readers or one writer. A writer in the queue holds later readers back. */
export class rw_semaphore extends KernelObject {
  dep_map: lockdep_map | null = null
  /** @internal */
  $readers = 0
  /** @internal */
  $writer: Exec | null = null
  /** @internal The last reader, for reports. */
  $lastReader: Exec | null = null
  /** @internal The writer gave up being its owner by name. */
  $anonymous = false
  /** @internal */
  $queue: Waiter[] | null = null
  /** @internal */
  $magic = false
}

export function initRwsem(sem: rw_semaphore, name?: string, key?: unknown): void {
  initLockMap(sem, name, key, LD_WAIT_SLEEP, LD_WAIT_SLEEP)
  sem.$readers = 0
  sem.$writer = null
  sem.$lastReader = null
  sem.$anonymous = false
  sem.$queue = null
  sem.$magic = true
}

export function defineRwsem(name: string): rw_semaphore {
  const sem = new rw_semaphore()
  initRwsem(sem, name || undefined, sem)
  return sem
}

const warned = new WeakMap<Locking, Set<string>>()

function check(l: Locking, sem: rw_semaphore, bad: boolean, condition: string, fn: string): void {
  if (!bad || !l.debug) return
  const known = warned.get(l) ?? new Set()
  warned.set(l, known)
  if (known.has(condition) || !l.debugLocksOff()) return
  known.add(condition)
  const m = machine()
  const hex = (o: object | null): string => `0x${(o === null ? 0 : addressOf(m, o)).toString(16)}`
  const count = sem.$readers * 256 + (sem.$writer ? 1 : 0)
  warn(
    m,
    'rwsem',
    `kernel/locking/rwsem.c at ${fn}`,
    `DEBUG_RWSEMS_WARN_ON(${condition}): count = 0x${count.toString(16)}, magic = ` +
      `${sem.$magic ? hex(sem) : '0x0'}, owner = ${hex(sem.$writer)}, curr ` +
      `${hex(currentOrContext())}, list ${sem.$queue === null ? '' : 'not '}empty`,
    { objects: [sem], rules: ['LOCK-08'] },
  )
}

function gotRead(l: Locking, sem: rw_semaphore, self: Exec | null): void {
  sem.$readers++
  sem.$lastReader = self
  if (l.traced || l.on.acquired.listened) l.acquired(sem, 1)
}

function gotWrite(l: Locking, sem: rw_semaphore, self: Exec | null): void {
  sem.$writer = self
  sem.$anonymous = false
  if (l.traced || l.on.acquired.listened) l.acquired(sem, 0)
}

export function downRead(
  name: string,
  sem: rw_semaphore,
  bits: number,
  subclass = 0,
): number | Sim<number> {
  mightSleep(name)
  const l = locking(machine())
  if (l.watches(sem)) l.acquire(sem, subclass, false, 1, null)
  check(l, sem, !sem.$magic, 'sem->magic != sem', name)
  if (sem.$writer === null && sem.$queue === null) {
    gotRead(l, sem, currentOrContext())
    return 0
  }
  return frame('rwsem_down_read_slowpath', wait(l, sem, false, bits))
}

export function downWrite(
  name: string,
  sem: rw_semaphore,
  bits: number,
  subclass = 0,
  nest: lockdep_map | null = null,
): number | Sim<number> {
  mightSleep(name)
  const l = locking(machine())
  if (l.watches(sem)) l.acquire(sem, subclass, false, 0, nest)
  check(l, sem, !sem.$magic, 'sem->magic != sem', name)
  if (sem.$writer === null && sem.$readers === 0) {
    gotWrite(l, sem, currentOrContext())
    return 0
  }
  return frame('rwsem_down_write_slowpath', wait(l, sem, true, bits))
}

/** Read-locked on behalf of whoever will call `upRead(sem, false)`. */
export function downReadNonOwner(sem: rw_semaphore): number | Sim<number> {
  mightSleep('down_read_non_owner')
  const l = locking(machine())
  if (sem.$writer === null && sem.$queue === null) {
    gotRead(l, sem, null)
    return 0
  }
  return frame('rwsem_down_read_slowpath', wait(l, sem, false, TASK_UNINTERRUPTIBLE))
}

function* wait(l: Locking, sem: rw_semaphore, write: boolean, bits: number): Sim<number> {
  const m = machine()
  const self = currentOrContext()!
  const task = self.kind === 'task' ? (self as Task) : null
  const waiter: Waiter = { task: self, write, granted: false }
  l.contended(sem, sem.$writer)
  emit(contention_begin, sem, write ? 'write' : 'read')
  ;(sem.$queue ??= []).push(waiter)
  while (!mayEnter(sem, waiter)) {
    if (task !== null && signalPendingState(bits, task)) {
      leave(sem, waiter)
      l.release(sem)
      emit(contention_end, sem, -EINTR)
      return -EINTR
    }
    if (task !== null) setTaskState(task, bits, m.nowNs, null)
    yield* scheduleFor(sem, write ? 'rw-semaphore (writer)' : 'rw-semaphore (reader)')
    memoryAccess(m).touch(sem, 'count', true)
    if (task !== null) setTaskState(task, TASK_RUNNING, 0, null)
  }
  emit(contention_end, sem, 0)
  if (write) {
    leave(sem, waiter)
    gotWrite(l, sem, self)
  } else if (!waiter.granted) {
    gotRead(l, sem, self)
    leave(sem, waiter)
  } else if (l.traced || l.on.acquired.listened) l.acquired(sem, 1)
  return 0
}

function mayEnter(sem: rw_semaphore, waiter: Waiter): boolean {
  if (waiter.granted) return true
  if (sem.$writer !== null || (waiter.write && sem.$readers > 0)) return false
  return sem.$queue![0] === waiter
}

function leave(sem: rw_semaphore, waiter: Waiter): void {
  const queue = sem.$queue
  if (queue === null) return
  const at = queue.indexOf(waiter)
  if (at >= 0) queue.splice(at, 1)
  if (queue.length === 0) sem.$queue = null
  else if (at === 0) wakeNext(sem)
}

/** A writer at the head is woken to try; from a reader at the head on, all readers are let in. */
function wakeNext(sem: rw_semaphore): void {
  const queue = sem.$queue
  if (queue === null || sem.$writer !== null) return
  const m = machine()
  const head = queue[0]!
  if (head.write) {
    if (sem.$readers === 0) m.wake(head.task as Task)
    return
  }
  const readers = queue.filter((w) => !w.write)
  const left = queue.filter((w) => w.write)
  sem.$queue = left.length > 0 ? left : null
  for (const reader of readers) {
    reader.granted = true
    sem.$readers++
    sem.$lastReader = reader.task
    m.wake(reader.task as Task)
  }
}

export function upRead(sem: rw_semaphore, owned = true): void {
  const l = locking(machine())
  if (owned && l.on.release.listened) l.release(sem)
  check(l, sem, sem.$readers === 0, '!is_rwsem_reader_owned(sem)', '__up_read')
  if (sem.$readers > 0) sem.$readers--
  if (l.traced || l.on.released.listened) l.released(sem, 1)
  if (sem.$readers === 0) wakeNext(sem)
}

export function upWrite(sem: rw_semaphore): void {
  const l = locking(machine())
  if (l.on.release.listened) l.release(sem)
  const wrong = sem.$writer !== currentOrContext() && !sem.$anonymous
  check(
    l,
    sem,
    wrong,
    '(rwsem_owner(sem) != current) && !rwsem_test_oflags(sem, RWSEM_NONSPINNABLE)',
    '__up_write',
  )
  sem.$writer = null
  if (l.traced || l.on.released.listened) l.released(sem, 0)
  wakeNext(sem)
}

export function downgradeWrite(sem: rw_semaphore): void {
  const l = locking(machine())
  if (sem.dep_map && l.on.downgrade.listened) l.on.downgrade.emit(sem.dep_map)
  const self = currentOrContext()
  check(l, sem, sem.$writer !== self, 'rwsem_owner(sem) != current', '__downgrade_write')
  sem.$writer = null
  if (l.traced || l.on.released.listened) l.released(sem, 0)
  gotRead(l, sem, self)
  if (sem.$queue !== null && !sem.$queue[0]!.write) wakeNext(sem)
}

export function downReadTrylock(sem: rw_semaphore): number {
  const l = locking(machine())
  if (sem.$writer !== null) return 0
  if (l.watches(sem)) l.acquire(sem, 0, true, 1, null)
  gotRead(l, sem, currentOrContext())
  return 1
}

export function downWriteTrylock(sem: rw_semaphore): number {
  const l = locking(machine())
  if (sem.$writer !== null || sem.$readers > 0) return 0
  if (l.watches(sem)) l.acquire(sem, 0, true, 0, null)
  gotWrite(l, sem, currentOrContext())
  return 1
}

export const rwsemIsLocked = (sem: rw_semaphore): number =>
  sem.$writer !== null || sem.$readers > 0 ? 1 : 0

export const rwsemIsContended = (sem: rw_semaphore): boolean => sem.$queue !== null
