import { machine } from '../../engine/current'
import { service } from '../../engine/service'
import { currentOrContext, contextState } from '../sched/context'
import { mightSleep } from '../sched/schedule'
import { locking } from './locking'
import { initMap, lockdep_map } from './map'

/** Allocation flags that matter here. */
const DIRECT_RECLAIM = 0x400
const FS = 0x80

/** The pseudo-lock that stands for "memory is being reclaimed, file systems may be called". */
export const reclaimMap = service(() => {
  const map = new lockdep_map()
  return initMap(map, 'fs_reclaim', map)
})

/**
 * The pseudo-lock of those who are told that page tables change: reclaim changes some. Its class is
 * found by its name.
 */
export const rangeStartMap = service(() => {
  const name = 'mmu_notifier_invalidate_range_start'
  return initMap(new lockdep_map(), name, name)
})

/** Whether file systems may be called. */
function needed(flags: number): boolean {
  const self = currentOrContext()
  if ((flags & DIRECT_RECLAIM) === 0) return false
  return (flags & FS) !== 0 && (self === null || contextState(self).noFs === 0)
}

export function fsReclaimAcquire(flags: number): void {
  const { acquire, release } = locking(machine()).on
  if (!acquire.listened || (flags & DIRECT_RECLAIM) === 0) return
  if (needed(flags)) {
    const map = reclaimMap(machine())
    acquire.emit(map, 0, false, 0, null, map)
  }
  const told = rangeStartMap(machine())
  acquire.emit(told, 0, false, 0, null, told)
  release.emit(told, told)
}

export function fsReclaimRelease(flags: number): void {
  const { release } = locking(machine()).on
  if (release.listened && needed(flags)) {
    const map = reclaimMap(machine())
    release.emit(map, map)
  }
}

/** What every allocation begins with: may it sleep, and may it reclaim, here? */
export function mightAlloc(what: string, flags: number): void {
  fsReclaimAcquire(flags)
  fsReclaimRelease(flags)
  if (flags & DIRECT_RECLAIM) mightSleep(what)
}

/** Until the matching restore, allocations of this task do not call file systems. */
export function memallocNofsSave(): number {
  const self = currentOrContext()
  if (self === null) return 0
  return contextState(self).noFs++
}

export function memallocNofsRestore(flags: number): void {
  const self = currentOrContext()
  if (self !== null) contextState(self).noFs = flags
}

/** Until the matching restore, the task counts as one that reclaim depends on. */
export function memallocNoreclaimSave(): number {
  const self = currentOrContext()
  return self === null ? 0 : contextState(self).noReclaim++
}

export function memallocNoreclaimRestore(flags: number): void {
  const self = currentOrContext()
  if (self !== null) contextState(self).noReclaim = flags
}
