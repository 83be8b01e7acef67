import { machine } from '../../engine/current'
import { locking } from '../locking/locking'
import { mightSleep } from '../sched/schedule'
import { currentProcessOrNull } from '../fs/process'
import { mightLockMmap } from './mmap-assert'
import { pagefaultsOff } from './pagefault'

/**
 * Whatever touches the memory of a program says so first: it may sleep, and it may take the lock
 * of the address space, unless faults are turned off.
 */
export function mightFault(what: string): void {
  if (pagefaultsOff()) return
  mightSleep(what)
  const process = currentProcessOrNull()
  const mm = locking(machine()).on.acquire.listened ? process?.mm : process?.mmIfUsed
  if (mm) mightLockMmap(mm)
}
