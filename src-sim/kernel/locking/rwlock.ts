import { machine, now } from '../../engine/current'
import type { Exec } from '../../engine/exec'
import { KernelObject } from '../../engine/object'
import { spinOn, type Sim } from '../../engine/suspend'
import { frame } from '../api'
import { inInterrupt } from '../irq/context'
import { localIrqDisable, localIrqEnable, localIrqRestore, localIrqSave } from '../irq/irqflags'
import { localBhDisable, localBhEnable } from '../irq/softirq'
import { preemptDisable, preemptEnable } from '../sched/schedule'
import { locking, lockOwner, type Locking, type ReadMode } from './locking'
import { initLockMap, LD_WAIT_CONFIG, type lockdep_map } from './map'
import { checkRwlock, checkWriteUnlock } from './spinlock-debug'

/**
 * Busy-waiting lock for many readers or one writer. Those who wait queue up; only readers in
 * interrupt context pass the queue.
 */
export class rwlock_t extends KernelObject {
  dep_map: lockdep_map | null = null
  /** @internal Read holders. */
  $readers = 0
  /** @internal */
  $writer: Exec | null = null
  /** @internal Held by a writer (even one outside every context). */
  $writing = false
  /** @internal */
  $queue: Exec[] | null = null
  /** @internal */
  $magic = false
}

export function initRwlock(lock: rwlock_t, name?: string, key?: unknown): void {
  initLockMap(lock, name, key, LD_WAIT_CONFIG, LD_WAIT_CONFIG)
  lock.$magic = true
  lock.$readers = 0
  lock.$writer = null
  lock.$writing = false
  lock.$queue = null
}

export function defineRwlock(name: string): rwlock_t {
  const lock = new rwlock_t()
  initRwlock(lock, name || undefined, lock)
  return lock
}

/** How a checker sees a read: recursive only where the reader may pass waiting writers. */
const readMode = (l: Locking): ReadMode => (l.recursiveReads || inInterrupt() ? 2 : 1)

function wait(l: Locking, lock: rwlock_t, write: boolean): Sim {
  return frame(
    write ? 'queued_write_lock_slowpath' : 'queued_read_lock_slowpath',
    queueUp(l, lock, write),
  )
}

function* queueUp(l: Locking, lock: rwlock_t, write: boolean): Sim {
  const self = now.exec!
  l.contended(lock, lock.$writer)
  if (!write && inInterrupt()) {
    while (lock.$writing) yield spinOn(lock)
    gotRead(l, lock)
    return
  }
  const queue = (lock.$queue ??= [])
  queue.push(self)
  while (queue[0] !== self || lock.$writing || (write && lock.$readers > 0)) yield spinOn(lock)
  queue.shift()
  if (queue.length === 0) lock.$queue = null
  if (write) gotWrite(l, lock)
  else gotRead(l, lock)
  machine().unspin(lock)
}

function gotRead(l: Locking, lock: rwlock_t): void {
  lock.$readers++
  if (l.traced || l.on.acquired.listened) l.acquired(lock, 1)
}

function gotWrite(l: Locking, lock: rwlock_t): void {
  lock.$writing = true
  lock.$writer = lockOwner()
  if (l.traced || l.on.acquired.listened) l.acquired(lock, 0)
}

function readLockNow(lock: rwlock_t): void | Sim {
  const l = locking(machine())
  if (l.watches(lock)) l.acquire(lock, 0, false, readMode(l), null)
  if (l.debug) checkRwlock(l, lock, false)
  const passes = inInterrupt()
  if (lock.$writing || (lock.$queue !== null && !passes)) return wait(l, lock, false)
  gotRead(l, lock)
  return undefined
}

function writeLockNow(lock: rwlock_t, subclass: number): void | Sim {
  const l = locking(machine())
  if (l.watches(lock)) l.acquire(lock, subclass, false, 0, null)
  if (l.debug) checkRwlock(l, lock, true)
  if (lock.$writing || lock.$readers > 0 || lock.$queue !== null) return wait(l, lock, true)
  gotWrite(l, lock)
  return undefined
}

function readUnlockNow(lock: rwlock_t): void {
  const m = machine()
  const l = locking(m)
  if (l.on.release.listened) l.release(lock)
  if (lock.$readers > 0) lock.$readers--
  if (l.traced || l.on.released.listened) l.released(lock, 1)
  m.unspin(lock)
}

function writeUnlockNow(lock: rwlock_t): void {
  const m = machine()
  const l = locking(m)
  if (l.on.release.listened) l.release(lock)
  if (l.debug) checkWriteUnlock(l, lock)
  lock.$writing = false
  lock.$writer = null
  if (l.traced || l.on.released.listened) l.released(lock, 0)
  m.unspin(lock)
}

export function readLock(lock: rwlock_t): void | Sim {
  preemptDisable()
  return readLockNow(lock)
}

export function readUnlock(lock: rwlock_t): void {
  readUnlockNow(lock)
  preemptEnable()
}

export function writeLock(lock: rwlock_t): void | Sim {
  preemptDisable()
  return writeLockNow(lock, 0)
}

export function writeLockNested(lock: rwlock_t, subclass: number): void | Sim {
  preemptDisable()
  return writeLockNow(lock, subclass)
}

export function writeUnlock(lock: rwlock_t): void {
  writeUnlockNow(lock)
  preemptEnable()
}

export function readLockIrq(lock: rwlock_t): void | Sim {
  localIrqDisable()
  return readLock(lock)
}

export function readUnlockIrq(lock: rwlock_t): void {
  readUnlockNow(lock)
  localIrqEnable()
  preemptEnable()
}

export function writeLockIrq(lock: rwlock_t): void | Sim {
  localIrqDisable()
  return writeLock(lock)
}

export function writeUnlockIrq(lock: rwlock_t): void {
  writeUnlockNow(lock)
  localIrqEnable()
  preemptEnable()
}

function* answering(more: Sim, flags: number): Sim<number> {
  yield* more
  return flags
}

export function readLockIrqsave(lock: rwlock_t): number | Sim<number> {
  const flags = localIrqSave()
  const more = readLock(lock)
  return more ? answering(more, flags) : flags
}

export function writeLockIrqsave(lock: rwlock_t): number | Sim<number> {
  const flags = localIrqSave()
  const more = writeLock(lock)
  return more ? answering(more, flags) : flags
}

export function readUnlockIrqrestore(lock: rwlock_t, flags: number): void {
  readUnlockNow(lock)
  localIrqRestore(flags)
  preemptEnable()
}

export function writeUnlockIrqrestore(lock: rwlock_t, flags: number): void {
  writeUnlockNow(lock)
  localIrqRestore(flags)
  preemptEnable()
}

export function readLockBh(lock: rwlock_t): void | Sim {
  localBhDisable()
  return readLock(lock)
}

export function readUnlockBh(lock: rwlock_t): void | Sim {
  readUnlock(lock)
  return localBhEnable()
}

export function writeLockBh(lock: rwlock_t): void | Sim {
  localBhDisable()
  return writeLock(lock)
}

export function writeUnlockBh(lock: rwlock_t): void | Sim {
  writeUnlock(lock)
  return localBhEnable()
}

export function readTrylock(lock: rwlock_t): number {
  preemptDisable()
  if (!lock.$writing && (lock.$queue === null || inInterrupt())) {
    const l = locking(machine())
    if (l.watches(lock)) l.acquire(lock, 0, true, readMode(l), null)
    gotRead(l, lock)
    return 1
  }
  preemptEnable()
  return 0
}

export function writeTrylock(lock: rwlock_t): number {
  preemptDisable()
  if (!lock.$writing && lock.$readers === 0 && lock.$queue === null) {
    const l = locking(machine())
    if (l.watches(lock)) l.acquire(lock, 0, true, 0, null)
    gotWrite(l, lock)
    return 1
  }
  preemptEnable()
  return 0
}
