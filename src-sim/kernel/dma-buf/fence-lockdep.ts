import { machine } from '../../engine/current'
import { service } from '../../engine/service'
import { inAtomic } from '../irq/context'
import { heldChecker } from '../locking/assert'
import { locking } from '../locking/locking'
import { initMap, lockdep_map } from '../locking/map'

/**
 * The pseudo-lock that joins both sides of a fence for the lock checker: what has to run so that a
 * fence signals holds it shared, and who waits for a fence takes it for a moment. A lock that is
 * held while waiting and needed while signaling closes the circle.
 */
export const fenceMap = service(() => {
  const map = new lockdep_map()
  return initMap(map, 'dma_fence_map', map)
})

function holdsMap(map: lockdep_map): boolean {
  const m = machine()
  const { lookUp } = heldChecker(m)
  return lookUp !== null && locking(m).debugLocks && lookUp(map)
}

function acquireShared(map: lockdep_map): void {
  locking(machine()).on.acquire.emit(map, 0, true, 1, null, map)
}

const release = (map: lockdep_map): void => locking(machine()).on.release.emit(map, map)

/** Enters the section; true when there is nothing to leave again. */
export function beginSignalling(): boolean {
  const m = machine()
  const map = fenceMap(m)
  if (heldChecker(m).lookUp === null || holdsMap(map) || inAtomic()) return true
  acquireShared(map)
  return false
}

export function endSignalling(cookie: boolean): void {
  if (!cookie) release(fenceMap(machine()))
}

/** Checked as a wait for any fence. A section that waits steps out for the moment of the check. */
export function mightWaitForFence(): void {
  const m = machine()
  const { acquire } = locking(m).on
  if (!acquire.listened) return
  const map = fenceMap(m)
  const inside = holdsMap(map)
  if (inside) release(map)
  acquire.emit(map, 0, false, 0, null, map)
  release(map)
  if (inside) acquireShared(map)
}
