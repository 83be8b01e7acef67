import { kernelCall } from '../../kernel/api'
import {
  memallocNofsRestore, memallocNofsSave, memallocNoreclaimRestore, memallocNoreclaimSave,
} from '../../kernel/locking/fs-reclaim'

/** How the running task may allocate: `linux/sched/mm`. Each `_save` has its `_restore`. */

export { fs_reclaim_acquire, fs_reclaim_release, might_alloc } from '../lockdep'

/** Until the restore, allocations of this task do not call into file systems. */
export const memalloc_nofs_save = kernelCall('memalloc_nofs_save', memallocNofsSave)
export const memalloc_nofs_restore = kernelCall('memalloc_nofs_restore', memallocNofsRestore)
/** The same for I/O. */
export const memalloc_noio_save = kernelCall('memalloc_noio_save', memallocNofsSave)
export const memalloc_noio_restore = kernelCall('memalloc_noio_restore', memallocNofsRestore)
/** Until the restore this task works for memory reclaim (PF_MEMALLOC). */
export const memalloc_noreclaim_save = kernelCall(
  'memalloc_noreclaim_save',
  memallocNoreclaimSave,
)
export const memalloc_noreclaim_restore = kernelCall(
  'memalloc_noreclaim_restore',
  memallocNoreclaimRestore,
)
