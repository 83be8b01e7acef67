import { machine, now } from '../../engine/current'
import { report, taskText } from '../report'
import { addressOf, hex16 } from '../printk/format'
import type { Locking } from './locking'
import type { raw_spinlock_t } from './spinlock'
import type { rwlock_t } from './rwlock'

/**
 * The checks of the debug spinlocks: they come after lockdep's and are silent once it has spoken.
 */
export function checkSpinLock(l: Locking, lock: raw_spinlock_t): void {
  if (!lock.$magic) spinBug(l, lock, 'bad magic')
  else if (lock.$locked && now.exec !== null) {
    if (lock.$owner === now.exec) spinBug(l, lock, 'recursion')
    else if (lock.$ownerCpu === now.cpu!.id) spinBug(l, lock, 'cpu recursion')
  }
}

export function checkSpinUnlock(l: Locking, lock: raw_spinlock_t): void {
  if (!lock.$magic) spinBug(l, lock, 'bad magic')
  else if (!lock.$locked) spinBug(l, lock, 'already unlocked')
  else if (lock.$owner !== now.exec) spinBug(l, lock, 'wrong owner')
  else if (now.cpu !== null && lock.$ownerCpu !== now.cpu.id) spinBug(l, lock, 'wrong CPU')
}

function spinBug(l: Locking, lock: raw_spinlock_t, what: string): void {
  if (!l.debugLocksOff()) return
  const m = machine()
  const owner = lock.$owner === null ? '<none>/-1' : nameAndPid(lock.$owner)
  const magic = lock.$magic ? 'dead4ead' : '00000000'
  report(m, {
    kind: `spinlock.${what.replace(/ /g, '-').toLowerCase()}`,
    title: `BUG: spinlock ${what} on CPU#${cpuId()}, ${task()}`,
    details: [
      ` lock: ${hex16(addressOf(m, lock))}, .magic: ${magic}, .owner: ${owner}, ` +
        `.owner_cpu: ${lock.$ownerCpu}`,
    ],
    objects: [lock],
    rules: ['LOCK-02'],
  })
}

export function checkRwlock(l: Locking, lock: rwlock_t, write: boolean): void {
  if (!lock.$magic) rwlockBug(l, lock, 'bad magic')
  else if (write && lock.$writer !== null && lock.$writer === now.exec)
    rwlockBug(l, lock, 'recursion')
}

export function checkWriteUnlock(l: Locking, lock: rwlock_t): void {
  if (!lock.$magic) rwlockBug(l, lock, 'bad magic')
  else if (lock.$writer !== now.exec) rwlockBug(l, lock, 'wrong owner')
}

function rwlockBug(l: Locking, lock: rwlock_t, what: string): void {
  if (!l.debugLocksOff()) return
  const m = machine()
  report(m, {
    kind: `rwlock.${what.replace(/ /g, '-').toLowerCase()}`,
    title: `BUG: rwlock ${what} on CPU#${cpuId()}, ${task()}, ${hex16(addressOf(m, lock))}`,
    objects: [lock],
    rules: ['LOCK-02'],
  })
}

const cpuId = (): number => now.cpu?.id ?? 0

const task = (): string => taskText(now.cpu)

function nameAndPid(exec: { name: string }): string {
  const { pid } = exec as { pid?: number }
  return `${exec.name}/${pid ?? 0}`
}
