import { machine, now } from '../../engine/current'
import { KernelObject } from '../../engine/object'
import { localIrqDisable, localIrqEnable, localIrqRestore, localIrqSave } from '../irq/irqflags'
import { preemptDisable, preemptEnable } from '../sched/schedule'
import { locking } from './locking'
import { initLockMap, LD_WAIT_CONFIG, LD_WAIT_INV, type lockdep_map } from './map'

/** Protects what each CPU has of its own: on this kernel it merely keeps the task on the CPU. */
export class local_lock_t extends KernelObject {
  dep_map: lockdep_map | null = null
}

export function initLocalLock(lock: local_lock_t, name?: string, key?: unknown): void {
  initLockMap(lock, name, key, LD_WAIT_INV, LD_WAIT_CONFIG)
  lock.dep_map!.$kind = 'percpu'
}

function acquire(lock: local_lock_t): void {
  const l = locking(machine())
  if (now.cpu !== null && l.watches(lock)) l.acquire(lock, 0, false, 0, null)
}

export function localLock(lock: local_lock_t): void {
  preemptDisable()
  acquire(lock)
}

export function localUnlock(lock: local_lock_t): void {
  locking(machine()).release(lock)
  preemptEnable()
}

export function localLockIrq(lock: local_lock_t): void {
  localIrqDisable()
  acquire(lock)
}

export function localUnlockIrq(lock: local_lock_t): void {
  locking(machine()).release(lock)
  localIrqEnable()
}

export function localLockIrqsave(lock: local_lock_t): number {
  const flags = localIrqSave()
  acquire(lock)
  return flags
}

export function localUnlockIrqrestore(lock: local_lock_t, flags: number): void {
  locking(machine()).release(lock)
  localIrqRestore(flags)
}
