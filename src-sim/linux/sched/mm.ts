import { kernelCall } from '../../kernel/api'
import {
  memallocNofsRestore, memallocNofsSave, memallocNoreclaimRestore, memallocNoreclaimSave,
} from '../../kernel/locking/fs-reclaim'
import * as mm from '../../kernel/mm/mm-struct'
import { mmOfTask } from '../../kernel/mm/current-mm'
import type { task_struct } from '../../kernel/sched/task'

/**
 * How the running task may allocate, and who uses an address space: `linux/sched/mm`. Each `_save`
 * has its `_restore`.
 */

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

export { mm_struct } from '../../kernel/mm/mm-struct'
/** One more user of an address space; only with a user that stays meanwhile. Pair: `mmput`. */
export const mmget = kernelCall('mmget', mm.mmGet)
/** The same for one that may be on its way out: false when its last user has gone. */
export const mmget_not_zero = kernelCall('mmget_not_zero', mm.mmGetNotZero)
/** One user less; the last one tears the mappings down (`vm_ops->close`). May sleep. */
export const mmput = kernelCall('mmput', mm.mmPut)
/** The same from any context: a worker tears down. */
export const mmput_async = kernelCall('mmput_async', mm.mmPutAsync)
/** Keeps the structure, not the mappings. Pair: `mmdrop`. */
export const mmgrab = kernelCall('mmgrab', mm.mmGrab)
export const mmdrop = kernelCall('mmdrop', mm.mmDrop)
/** The address space of a task, with one more user; null for kernel threads. Pair: `mmput`. */
export const get_task_mm = kernelCall('get_task_mm', (task: task_struct): mm.mm_struct | null => {
  const found = task.$task.kernelThread ? null : mmOfTask(task.$task)
  if (found !== null) mm.mmGet(found)
  return found
})
