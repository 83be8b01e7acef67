import { machine } from '../../engine/current'
import { service } from '../../engine/service'
import { locking, type ReadMode } from '../locking/locking'
import { initMap, LD_WAIT_CONFIG, LD_WAIT_FREE, LD_WAIT_SPIN, lockdep_map } from '../locking/map'

const readerMap = (name: string, inner: number): lockdep_map => {
  const map = new lockdep_map()
  return initMap(map, name, map, LD_WAIT_FREE, inner)
}

/** The pseudo-locks through which lock checkers see readers. */
class RcuMaps {
  readonly rcu = readerMap('rcu_read_lock', LD_WAIT_CONFIG)
  readonly bh = readerMap('rcu_read_lock_bh', LD_WAIT_CONFIG)
  readonly sched = readerMap('rcu_read_lock_sched', LD_WAIT_SPIN)
  readonly callback = readerMap('rcu_callback', LD_WAIT_FREE)
}

export const rcuMaps = service(() => new RcuMaps())

export function mapAcquire(map: lockdep_map, read: ReadMode): void {
  const { acquire } = locking(machine()).on
  if (acquire.listened) acquire.emit(map, 0, false, read, null, map)
}

export function mapRelease(map: lockdep_map): void {
  const { release } = locking(machine()).on
  if (release.listened) release.emit(map, map)
}
