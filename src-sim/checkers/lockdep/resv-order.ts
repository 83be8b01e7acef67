import { fenceMap } from '../../kernel/dma-buf/fence-lockdep'
import { reservationClass } from '../../kernel/dma-buf/resv'
import { rangeStartMap, reclaimMap } from '../../kernel/locking/fs-reclaim'
import { initMap, lockdep_map } from '../../kernel/locking/map'
import { initRwsem, rw_semaphore } from '../../kernel/locking/rwsem'
import { initWwMutex, ww_mutex } from '../../kernel/locking/ww-mutex'
import type { Lockdep } from './lockdep'

/**
 * The order that all drivers with reservation objects and fences share (RESV-10). Linux goes
 * through it once while it boots, so that the first driver to break it is told; here it is learned
 * when the first of these things is used.
 */
export function attachResvOrder(lockdep: Lockdep): void {
  const { machine } = lockdep
  let learned = false
  const learn = (): void => {
    if (learned) return
    learned = true
    machine.inside(() => lockdep.learnOrder(order(lockdep)))
  }
  reservationClass.whenUsed(machine, learn)
  fenceMap.whenUsed(machine, learn)
}

function order({ machine }: Lockdep): lockdep_map[] {
  const cls = reservationClass(machine)
  const mmap = new rw_semaphore()
  initRwsem(mmap, '&mm->mmap_lock', 'mm->mmap_lock')
  const resv = new ww_mutex()
  initWwMutex(resv, cls)
  const acquire = initMap(new lockdep_map(), `${cls.name}_acquire`, cls.$acquireKey)
  const reclaim = [reclaimMap(machine), rangeStartMap(machine)]
  return [mmap.dep_map!, acquire, resv.base.dep_map!, ...reclaim, fenceMap(machine)]
}
