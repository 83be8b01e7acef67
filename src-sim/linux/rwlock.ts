import { kernelCall } from '../kernel/api'
import * as rw from '../kernel/locking/rwlock'
import type { rwlock_t as Lock } from '../kernel/locking/rwlock'
import type { ptr } from './types'

/**
 * Spinning reader/writer locks: `linux/rwlock` (C gets them with `linux/spinlock`). Readers in task
 * context queue behind a waiting writer; those in interrupts pass it.
 */

export { rwlock_t } from '../kernel/locking/rwlock'

type Flags = number | ptr<number>
const flagsOf = (flags: Flags): number => (typeof flags === 'number' ? flags : flags.value)

/** A static lock: `const lock = DEFINE_RWLOCK('lock')`. */
export function DEFINE_RWLOCK(name = ''): Lock {
  return rw.defineRwlock(name)
}

/** Makes a lock ready for use. */
export const rwlock_init = kernelCall(
  'rwlock_init',
  (lock: Lock, name?: string) => rw.initRwlock(lock, name),
)
/** Takes the read side; never nest it in task context: a writer may stand between. */
export const read_lock = kernelCall('read_lock', rw.readLock)
export const read_unlock = kernelCall('read_unlock', rw.readUnlock)
/** Takes the write side: alone. */
export const write_lock = kernelCall('write_lock', rw.writeLock)
export const write_lock_nested = kernelCall('write_lock_nested', rw.writeLockNested)
export const write_unlock = kernelCall('write_unlock', rw.writeUnlock)
export const read_lock_irq = kernelCall('read_lock_irq', rw.readLockIrq)
export const read_unlock_irq = kernelCall('read_unlock_irq', rw.readUnlockIrq)
export const write_lock_irq = kernelCall('write_lock_irq', rw.writeLockIrq)
export const write_unlock_irq = kernelCall('write_unlock_irq', rw.writeUnlockIrq)
/** Answers the interrupt state to restore. */
export const read_lock_irqsave = kernelCall('read_lock_irqsave', rw.readLockIrqsave)
export const write_lock_irqsave = kernelCall('write_lock_irqsave', rw.writeLockIrqsave)
export const read_unlock_irqrestore = kernelCall(
  'read_unlock_irqrestore',
  (lock: Lock, flags: Flags) => rw.readUnlockIrqrestore(lock, flagsOf(flags)),
)
export const write_unlock_irqrestore = kernelCall(
  'write_unlock_irqrestore',
  (lock: Lock, flags: Flags) => rw.writeUnlockIrqrestore(lock, flagsOf(flags)),
)
export const read_lock_bh = kernelCall('read_lock_bh', rw.readLockBh)
export const read_unlock_bh = kernelCall('read_unlock_bh', rw.readUnlockBh)
export const write_lock_bh = kernelCall('write_lock_bh', rw.writeLockBh)
export const write_unlock_bh = kernelCall('write_unlock_bh', rw.writeUnlockBh)
/** 1 when it got the lock at once, 0 when not. */
export const read_trylock = kernelCall('read_trylock', rw.readTrylock)
export const write_trylock = kernelCall('write_trylock', rw.writeTrylock)
