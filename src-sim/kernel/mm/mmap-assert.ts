import { machine } from '../../engine/current'
import { heldChecker, type Held } from '../locking/assert'
import { locking } from '../locking/locking'
import { rwsemIsLocked } from '../locking/rwsem'
import { warn } from '../printk/warn'
import type { mm_struct } from './mm-struct'

/**
 * `mmap_assert_locked`: warns, and goes on. The lock validator knows whether it is the caller who
 * has the lock; without it any holder will do.
 */
export function assertLocked(mm: mm_struct, inside: string, how: Held = 'any'): void {
  const { mmap_lock: sem } = mm
  if (rwsemIsLocked(sem) && heldChecker(machine()).isHeld(sem.dep_map, how)) return
  warn(machine(), 'mmap-lock', `include/linux/rwsem.h at ${inside}`, null, {
    rules: ['MM-08'],
    objects: [mm],
    once: false,
  })
}

/** Whatever may take the lock of an address space says so, whether or not it will. */
export function mightLockMmap(mm: mm_struct): void {
  const l = locking(machine())
  const { mmap_lock: sem } = mm
  if (!l.watches(sem)) return
  l.acquire(sem, 0, false, 1, null)
  if (l.on.release.listened) l.release(sem)
}
