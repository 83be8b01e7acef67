import type { Sim } from '../../engine/suspend'
import { mmapLock, mmapUnlock, type mm_struct } from './mm-struct'
import { ADDRESS_MAX } from './notify'
import { detachVma } from './vma-list'
import { clearArea, freeTables, removeVma } from './unmap'

/**
 * The end of an address space that has no user left (MM-05): subscribers give everything up while
 * all is still there and no lock is held; then the pages are unmapped, the tables go, and at last
 * each mapping lets its driver and its file go.
 */
export function* exitMmap(mm: mm_struct): Sim {
  if (mm.notifier_subscriptions !== null) yield* mm.notifier_subscriptions.release(mm)
  yield* mmapLock(mm, false)
  if (mm.$vmas.length === 0) {
    mmapUnlock(mm, false)
    return
  }
  const vmas = [...mm.$vmas]
  const gather = yield* clearArea(mm, vmas, 0, ADDRESS_MAX)
  mmapUnlock(mm, false)
  mm.$oomSkip = true
  yield* mmapLock(mm, true)
  for (const vma of vmas) detachVma(mm, vma)
  freeTables(mm, vmas, 0, ADDRESS_MAX, gather)
  for (const vma of vmas) yield* removeVma(vma)
  mmapUnlock(mm, true)
}
