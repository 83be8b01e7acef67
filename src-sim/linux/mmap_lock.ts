import { kernelCall } from '../kernel/api'
import { mmapLock, mmapUnlock, type mm_struct } from '../kernel/fs/mm-struct'

/** The lock of an address space: `linux/mmap_lock`. Taken before what `vm_ops->close` takes. */

/** The mappings stay as they are; others may look, too. May sleep. */
export const mmap_read_lock = kernelCall('mmap_read_lock', (mm: mm_struct) => mmapLock(mm, false))
export const mmap_read_unlock = kernelCall('mmap_read_unlock', (mm: mm_struct): void =>
  mmapUnlock(mm, false),
)
/** Nobody else looks at the mappings, or changes them. May sleep. */
export const mmap_write_lock = kernelCall('mmap_write_lock', (mm: mm_struct) => mmapLock(mm, true))
export const mmap_write_unlock = kernelCall('mmap_write_unlock', (mm: mm_struct): void =>
  mmapUnlock(mm, true),
)
