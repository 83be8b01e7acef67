import type { Machine } from '../../engine/machine'
import { kernelLog } from '../printk/log'
import { locking } from './locking'

/**
 * The kernel can no longer be relied on (memory was corrupted, a task oopsed): what the lock
 * checkers say from now on would mean nothing, so they are switched off (LOCK-01).
 */
export function taintUnreliable(machine: Machine): void {
  const l = locking(machine)
  if (l.on.acquire.listened && l.debugLocksOff())
    kernelLog(machine).print(4, 'Disabling lock debugging due to kernel taint\n')
}
