import type { Sim } from '../../engine/suspend'
import { EINVAL } from '../errno'
import { inode } from '../fs/devnodes'
import { file, type file_operations } from '../fs/file'
import { currentProcess } from '../fs/process'
import { textOf } from '../fs/sysfs-file'
import { mmapLock, mmapUnlock, type mm_struct } from './mm-struct'
import { ADDRESS_MAX, flushTlb, mmu_notifier_range, NOTIFY, notifyEnd, notifyStart } from './notify'

export const CLEAR_REFS = '/proc/self/clear_refs'
const SOFT_DIRTY = '4'

/** Every page counts as not written since; the next write to it faults, or is at least noted. */
function* clearSoftDirty(mm: mm_struct): Sim {
  yield* mmapLock(mm, true)
  const range = new mmu_notifier_range(mm, NOTIFY.SOFT_DIRTY, 0, ADDRESS_MAX)
  yield* notifyStart(range)
  for (const [, pte] of mm.$table.entries(0, Infinity)) {
    pte.softDirty = false
    pte.write = false
  }
  flushTlb(mm, 0, ADDRESS_MAX)
  yield* notifyEnd(range)
  mmapUnlock(mm, true)
}

function* writeClearRefs(_file: file, buffer: unknown, count: number): Sim<number> {
  const text = textOf(buffer, count).trim()
  if (!/^[1-5]$/.test(text)) return -EINVAL
  const { mm } = currentProcess()
  if (mm !== null && text === SOFT_DIRTY) yield* clearSoftDirty(mm)
  else if (mm !== null) for (const [, pte] of mm.$table.entries(0, Infinity)) pte.young = false
  return count
}

/** /proc/self/clear_refs: `4` forgets what has been written, any other number what was used. */
export function openClearRefs(flags: number): file {
  const f = new file(new inode())
  f.f_op = { write: writeClearRefs } as unknown as file_operations
  f.f_flags = flags
  f.$path = CLEAR_REFS
  return f
}
