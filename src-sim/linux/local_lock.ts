import { kernelCall } from '../kernel/api'
import * as l from '../kernel/locking/local-lock'
import type { local_lock_t as Lock } from '../kernel/locking/local-lock'

/** Locks for what each CPU has of its own: `linux/local_lock`. */

export { local_lock_t } from '../kernel/locking/local-lock'

export function INIT_LOCAL_LOCK(name = ''): Lock {
  const lock = new l.local_lock_t()
  l.initLocalLock(lock, name || undefined, lock)
  return lock
}
export const local_lock_init = kernelCall('local_lock_init', (lock: Lock, name?: string) =>
  l.initLocalLock(lock, name),
)
/** Keeps the task on its CPU and others off it; on a real-time kernel it is a real lock. */
export const local_lock = kernelCall('local_lock', l.localLock)
export const local_unlock = kernelCall('local_unlock', l.localUnlock)
export const local_lock_irq = kernelCall('local_lock_irq', l.localLockIrq)
export const local_unlock_irq = kernelCall('local_unlock_irq', l.localUnlockIrq)
/** Answers the interrupt state to restore. */
export const local_lock_irqsave = kernelCall('local_lock_irqsave', l.localLockIrqsave)
export const local_unlock_irqrestore = kernelCall(
  'local_unlock_irqrestore',
  l.localUnlockIrqrestore,
)
