import { machine } from '../../engine/current'
import { warn } from '../printk/warn'
import type { Locking } from './locking'

/**
 * `DEBUG_LOCKS_WARN_ON(condition)`: the first one of any lock check speaks, the rest are silent.
 */
export function debugLocksWarn(
  l: Locking,
  condition: string,
  file: string,
  fn: string,
  rules: string[] = ['LOCK-06'],
): void {
  if (!l.debugLocksOff()) return
  warn(machine(), 'debug-locks', `${file} at ${fn}`, `DEBUG_LOCKS_WARN_ON(${condition})`, { rules })
}
