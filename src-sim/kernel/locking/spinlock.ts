import { machine, now } from '../../engine/current'
import type { Exec } from '../../engine/exec'
import { KernelObject } from '../../engine/object'
import { spinOn, type Sim } from '../../engine/suspend'
import { contention_begin, contention_end } from '../../trace/events'
import { frame } from '../api'
import { emit } from '../emit'
import { localIrqDisable, localIrqEnable, localIrqRestore, localIrqSave } from '../irq/irqflags'
import { localBhDisable, localBhEnable } from '../irq/softirq'
import { preemptDisable, preemptEnable } from '../sched/schedule'
import { checkSpinLock, checkSpinUnlock } from './spinlock-debug'
import { locking, lockOwner, type Locking } from './locking'
import { initLockMap, LD_WAIT_CONFIG, LD_WAIT_SPIN, type lockdep_map } from './map'

/** Busy-waiting lock; waiters get it in the order of their coming. */
export class raw_spinlock_t extends KernelObject {
  dep_map: lockdep_map | null = null
  /** @internal Held. */
  $locked = false
  /** @internal */
  $owner: Exec | null = null
  /** @internal */
  $ownerCpu = -1
  /** @internal */
  $waiters: Exec[] | null = null
  /** @internal Initialised. */
  $magic = false
}

export class spinlock_t extends raw_spinlock_t {}

export function initSpinlock(lock: raw_spinlock_t, name?: string, key?: unknown): void {
  const wait = lock instanceof spinlock_t ? LD_WAIT_CONFIG : LD_WAIT_SPIN
  initLockMap(lock, name, key, wait, wait)
  lock.$magic = true
  lock.$locked = false
  lock.$owner = null
  lock.$ownerCpu = -1
  lock.$waiters = null
}

/** A lock that is a class of its own: what DEFINE_SPINLOCK makes. */
export function defineSpinlock<T extends raw_spinlock_t>(lock: T, name: string): T {
  initSpinlock(lock, name || undefined, lock)
  return lock
}

function take(l: Locking, lock: raw_spinlock_t): void {
  lock.$locked = true
  lock.$owner = lockOwner()
  lock.$ownerCpu = now.cpu === null ? -1 : now.cpu.id
  if (l.traced || l.on.acquired.listened) l.acquired(lock, 0)
}

/** The part of all variants after preemption and interrupts are off. */
function lockNow(
  lock: raw_spinlock_t,
  subclass: number,
  nest: lockdep_map | null,
): void | Sim {
  const l = locking(machine())
  if (l.watches(lock)) l.acquire(lock, subclass, false, 0, nest)
  if (l.debug) checkSpinLock(l, lock)
  if (lock.$locked || lock.$waiters !== null) return frame('_raw_spin_lock', spin(l, lock))
  take(l, lock)
  return undefined
}

function* spin(l: Locking, lock: raw_spinlock_t): Sim {
  const self = now.exec!
  l.contended(lock, lock.$owner)
  emit(contention_begin, lock, 'spin')
  const waiters = (lock.$waiters ??= [])
  waiters.push(self)
  while (lock.$locked || waiters[0] !== self) yield spinOn(lock)
  waiters.shift()
  if (waiters.length === 0) lock.$waiters = null
  emit(contention_end, lock, 0)
  take(l, lock)
}

/** Takes the lock out; whoever comes first of the waiters looks again. */
function unlockNow(lock: raw_spinlock_t): void {
  const m = machine()
  const l = locking(m)
  if (l.on.release.listened) l.release(lock)
  if (l.debug) checkSpinUnlock(l, lock)
  lock.$locked = false
  lock.$owner = null
  lock.$ownerCpu = -1
  if (l.traced || l.on.released.listened) l.released(lock, 0)
  if (lock.$waiters !== null) m.unspinOne(lock.$waiters[0]!)
}

export function spinLock(lock: raw_spinlock_t): void | Sim {
  preemptDisable()
  return lockNow(lock, 0, null)
}

export function spinLockNested(lock: raw_spinlock_t, subclass: number): void | Sim {
  preemptDisable()
  return lockNow(lock, subclass, null)
}

export function spinLockNestLock(lock: raw_spinlock_t, outer: lockdep_map | null): void | Sim {
  preemptDisable()
  return lockNow(lock, 0, outer)
}

export function spinUnlock(lock: raw_spinlock_t): void {
  unlockNow(lock)
  preemptEnable()
}

export function spinLockIrq(lock: raw_spinlock_t): void | Sim {
  localIrqDisable()
  preemptDisable()
  return lockNow(lock, 0, null)
}

export function spinUnlockIrq(lock: raw_spinlock_t): void {
  unlockNow(lock)
  localIrqEnable()
  preemptEnable()
}

export function spinLockIrqsave(lock: raw_spinlock_t, subclass = 0): number | Sim<number> {
  const flags = localIrqSave()
  preemptDisable()
  const wait = lockNow(lock, subclass, null)
  return wait ? frame('_raw_spin_lock_irqsave', answering(wait, flags)) : flags
}

function* answering<T>(wait: Sim, value: T): Sim<T> {
  yield* wait
  return value
}

export function spinUnlockIrqrestore(lock: raw_spinlock_t, flags: number): void {
  unlockNow(lock)
  localIrqRestore(flags)
  preemptEnable()
}

export function spinLockBh(lock: raw_spinlock_t): void | Sim {
  localBhDisable()
  preemptDisable()
  return lockNow(lock, 0, null)
}

export function spinUnlockBh(lock: raw_spinlock_t): void | Sim {
  unlockNow(lock)
  preemptEnable()
  return localBhEnable()
}

/** The part of all trylocks after preemption and interrupts are off. */
function tryNow(lock: raw_spinlock_t): boolean {
  const l = locking(machine())
  if (lock.$locked || lock.$waiters !== null) return false
  if (l.watches(lock)) l.acquire(lock, 0, true, 0, null)
  take(l, lock)
  return true
}

export function spinTrylock(lock: raw_spinlock_t): number {
  preemptDisable()
  if (tryNow(lock)) return 1
  preemptEnable()
  return 0
}

export function spinTrylockIrq(lock: raw_spinlock_t): number {
  localIrqDisable()
  const got = spinTrylock(lock)
  if (got === 0) localIrqEnable()
  return got
}

/** Answers the flags to restore, or null when the lock is taken. */
export function spinTrylockIrqsave(lock: raw_spinlock_t): number | null {
  const flags = localIrqSave()
  if (spinTrylock(lock)) return flags
  localIrqRestore(flags)
  return null
}

export function spinTrylockBh(lock: raw_spinlock_t): number | Sim<number> {
  localBhDisable()
  if (spinTrylock(lock)) return 1
  const softirqs = localBhEnable()
  return softirqs ? answering(softirqs, 0) : 0
}

export const spinIsLocked = (lock: raw_spinlock_t): number => (lock.$locked ? 1 : 0)
export const spinIsContended = (lock: raw_spinlock_t): number => (lock.$waiters !== null ? 1 : 0)
