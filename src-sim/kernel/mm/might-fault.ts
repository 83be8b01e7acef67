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
  const mm = currentProcessOrNull()?.mmIfUsed
  if (mm) mightLockMmap(mm)
}
