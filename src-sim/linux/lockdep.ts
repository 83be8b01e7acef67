import { live } from '../kernel/live'
import { kernelCall, quiet } from '../kernel/api'
import { machine, now } from '../engine/current'
import { fsReclaimAcquire, fsReclaimRelease, mightAlloc } from '../kernel/locking/fs-reclaim'
import { locking, type ReadMode } from '../kernel/locking/locking'
import * as map from '../kernel/locking/map'
import type { lockdep_map as Map, lock_class_key as Key } from '../kernel/locking/map'
import { heldChecker } from '../kernel/locking/assert'

/** Brought along, as by the C header. */
export * from './types'

/**
 * Annotations for the lock validator: `linux/lockdep`. They do nothing unless it is attached. A
 * `lockdep_map` stands for anything that is waited for like a lock.
 */

export { lock_class_key, lockdep_map } from '../kernel/locking/map'
export {
  LD_WAIT_CONFIG,
  LD_WAIT_FREE,
  LD_WAIT_INV,
  LD_WAIT_SLEEP,
  LD_WAIT_SPIN,
} from '../kernel/locking/map'
export const SINGLE_DEPTH_NESTING = 1

interface HasMap {
  dep_map: Map | null
}
/** A lock, whose map is inside (a ww_mutex has it in its base), or a map itself. */
type Lockable = HasMap | { base: HasMap } | Map

function mapOf(lock: Lockable): Map | null {
  if (lock instanceof map.lockdep_map) return lock
  return 'base' in lock ? lock.base.dep_map : lock.dep_map
}

function change(lock: Lockable, f: (m: Map) => void): void {
  const m = mapOf(lock)
  if (m === null) return
  f(m)
  m.$classes = null
  locking(machine()).on.changed.emit(m)
}

/** Prepares a map: all with the same key are one class. */
export function lockdep_init_map(m: Map, name: string, key: Key, subclass: number): void {
  map.initMap(m, name, key)
  m.$subclass = subclass
}
/** Makes a key for classes in memory that is not static. Pair: `lockdep_unregister_key`. */
export function lockdep_register_key(key: Key): void {
  key.$registered = true
}
export function lockdep_unregister_key(key: Key): void {
  key.$registered = false
}
/** Puts a lock into another class, before it is used. */
export function lockdep_set_class(lock: Lockable, key: Key): void {
  change(lock, (m) => (m.$key = key))
}
export function lockdep_set_class_and_name(lock: Lockable, key: Key, name: string): void {
  change(lock, (m) => {
    m.$key = key
    m.name = name
  })
}
/** Another class of the same key: for a hierarchy of locks of one kind. Keeps the name. */
export function lockdep_set_subclass(lock: Lockable, subclass: number): void {
  change(lock, (m) => (m.$subclass = subclass))
}
/** Neither order nor usage of this lock is learned; that it is held still is. */
export function lockdep_set_novalidate_class(lock: Lockable): void {
  change(lock, (m) => (m.$validate = false))
}
/** The validator does not see this lock. */
export function lockdep_set_notrack_class(lock: Lockable): void {
  change(lock, (m) => (m.$track = false))
}
/** Orders locks of one class: negative when `a` may be held while `b` is taken. */
export function lockdep_set_lock_cmp_fn(lock: Lockable, compare: map.LockCompare): void {
  change(lock, (m) => (m.$compare = compare))
}

function acquire(m: Map, read: ReadMode, trylock = false, subclass = 0): void {
  locking(machine()).on.acquire.emit(m, subclass, trylock, read, null, m)
}
/** From here on the task "holds" the map. Pair: `lock_map_release`. */
export function lock_map_acquire(m: Map): void {
  acquire(m, 0)
}
export function lock_map_acquire_read(m: Map): void {
  acquire(m, 2)
}
export function lock_map_acquire_try(m: Map): void {
  acquire(m, 0, true)
}
export function lock_map_release(m: Map): void {
  locking(machine()).on.release.emit(m, m)
}
/** Checks as if the map were taken, without holding it: for waiting until others have left. */
export function lock_map_sync(m: Map): void {
  locking(machine()).on.sync.emit(m, 0)
}
/** `lock_acquire`: read 0 exclusive, 1 shared, 2 recursive. */
export function lock_acquire(
  m: Map,
  subclass: number,
  trylock: number,
  read: ReadMode,
  _check: number,
  nest: Map | null,
): void {
  locking(machine()).on.acquire.emit(m, subclass, trylock !== 0, read, nest, m)
}
export const lock_release = lock_map_release
/** Locks that the running task takes from now on are not followed. Nests. Pair: `lockdep_on`. */
export function lockdep_off(): void {
  locking(machine()).lookAway(1)
}
export function lockdep_on(): void {
  locking(machine()).lookAway(-1)
}

/** Whether the running task holds the lock (always 1 when nobody checks). */
export const lockdep_is_held = quiet(function lockdep_is_held(lock: Lockable): number {
  return heldChecker(machine()).isHeld(mapOf(lock)) ? 1 : 0
})
/** Reports when the running task does not hold the lock. */
export function lockdep_assert_held(lock: Lockable): void {
  heldChecker(machine()).assert(mapOf(lock))
}
/** The same for a lock that must be held exclusively (by a reader). */
export function lockdep_assert_held_write(lock: Lockable): void {
  heldChecker(machine()).assert(mapOf(lock), 'exclusive')
}
export function lockdep_assert_held_read(lock: Lockable): void {
  heldChecker(machine()).assert(mapOf(lock), 'shared')
}
export const lockdep_assert_held_once = lockdep_assert_held
export function lockdep_assert_not_held(lock: Lockable): void {
  heldChecker(machine()).assertNot(mapOf(lock))
}
export function lockdep_assert_irqs_disabled(): void {
  heldChecker(machine()).assertState(now.cpu?.irqsOff ?? true, 'lockdep_assert_irqs_disabled')
}
export function lockdep_assert_irqs_enabled(): void {
  heldChecker(machine()).assertState(!(now.cpu?.irqsOff ?? false), 'lockdep_assert_irqs_enabled')
}
/** Tells that the lock will be taken, whether or not it is this time. */
export function might_lock(lock: HasMap): void {
  const m = mapOf(lock)
  if (m === null) return
  acquire(m, 0)
  lock_map_release(m)
}
/** 1 until the lock checks have found something and fall silent. */
export const debug_locks: number = live(() => (locking(machine()).debugLocks ? 1 : 0))
/** 1 while lock checks speak. */
export const debug_locks_enabled = quiet(function debug_locks_enabled(): number {
  return locking(machine()).debugLocks ? 1 : 0
})

/** The pseudo-lock of memory reclaim. */
export const fs_reclaim_acquire = kernelCall('fs_reclaim_acquire', fsReclaimAcquire)
export const fs_reclaim_release = kernelCall('fs_reclaim_release', fsReclaimRelease)
/** Checks whether an allocation with these flags is allowed here. */
export const might_alloc = kernelCall(
  'might_alloc',
  (flags: number) => mightAlloc('might_alloc', flags),
)

export * from './lockdep/more'
