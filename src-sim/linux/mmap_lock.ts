import { kernelCall } from '../kernel/api'
import {
  mmapDowngrade, mmapLock, mmapLockKillable, mmapTrylock, mmapUnlock, type mm_struct,
} from '../kernel/mm/mm-struct'
import { assertLocked } from '../kernel/mm/mmap-assert'

/** The lock of an address space: `linux/mmap_lock`. Taken before what `vm_ops->close` takes. */

/** The mappings stay as they are; others may look, too. May sleep. */
export const mmap_read_lock = kernelCall('mmap_read_lock', (mm: mm_struct) => mmapLock(mm, false))
export const mmap_read_unlock = kernelCall('mmap_read_unlock', (mm: mm_struct): void =>
  mmapUnlock(mm, false),
)
/** Gives up when the task is killed: 0 or -EINTR. */
export const mmap_read_lock_killable = kernelCall('mmap_read_lock_killable', (mm: mm_struct) =>
  mmapLockKillable(mm, false),
)
/** Does not wait: true when it has the lock. */
export const mmap_read_trylock = kernelCall('mmap_read_trylock', (mm: mm_struct): boolean =>
  mmapTrylock(mm, false),
)
/** Nobody else looks at the mappings, or changes them. May sleep. */
export const mmap_write_lock = kernelCall('mmap_write_lock', (mm: mm_struct) => mmapLock(mm, true))
export const mmap_write_unlock = kernelCall('mmap_write_unlock', (mm: mm_struct): void =>
  mmapUnlock(mm, true),
)
export const mmap_write_lock_killable = kernelCall('mmap_write_lock_killable', (mm: mm_struct) =>
  mmapLockKillable(mm, true),
)
export const mmap_write_trylock = kernelCall('mmap_write_trylock', (mm: mm_struct): boolean =>
  mmapTrylock(mm, true),
)
/** From writing to reading, without letting another writer in between. */
export const mmap_write_downgrade = kernelCall('mmap_write_downgrade', mmapDowngrade)
/** Warns when nobody holds the lock. */
export const mmap_assert_locked = kernelCall('mmap_assert_locked', (mm: mm_struct): void =>
  assertLocked(mm, 'mmap_assert_locked'),
)
export const mmap_assert_write_locked = kernelCall(
  'mmap_assert_write_locked',
  (mm: mm_struct): void => assertLocked(mm, 'mmap_assert_write_locked', 'exclusive'),
)
