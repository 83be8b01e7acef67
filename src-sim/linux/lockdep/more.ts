import { machine, now } from '../../engine/current'
import { kernelCall, quiet } from '../../kernel/api'
import { preemptible } from '../../kernel/irq/context'
import * as context from '../../kernel/irq/context'
import { heldChecker } from '../../kernel/locking/assert'
import { locking } from '../../kernel/locking/locking'
import * as map from '../../kernel/locking/map'
import type { lock_class_key as Key, lockdep_map as Map } from '../../kernel/locking/map'
import { kernelLog } from '../../kernel/printk/log'
import { schedHooks } from '../../kernel/sched/schedule'

/** The less common annotations. Part of `linux/lockdep`. */

interface HasMap {
  dep_map: Map | null
}

function mightTake(lock: HasMap, subclass: number, read: 0 | 1): void {
  const { on } = locking(machine())
  if (lock.dep_map === null) return
  on.acquire.emit(lock.dep_map, subclass, false, read, null, lock)
  on.release.emit(lock.dep_map, lock)
}
/** Tells that the lock will be taken for reading, or under a subclass, now or another time. */
export const might_lock_read = kernelCall('might_lock_read', (lock: HasMap): void =>
  mightTake(lock, 0, 1),
)
export const might_lock_nested = kernelCall(
  'might_lock_nested',
  (lock: HasMap, subclass: number): void => mightTake(lock, subclass, 0),
)

/** As `lockdep_init_map`, with what waiting the lock needs (outer) and allows inside (inner). */
export function lockdep_init_map_waits(
  m: Map,
  name: string,
  key: Key,
  subclass: number,
  inner: number,
  outer: number,
): void {
  map.initMap(m, name, key, outer, inner)
  m.$subclass = subclass
}
export function lockdep_init_map_wait(
  m: Map,
  name: string,
  key: Key,
  subclass: number,
  inner: number,
): void {
  lockdep_init_map_waits(m, name, key, subclass, inner, map.LD_WAIT_INV)
}
/** A map under which any lock up to the wait type `inner` may be taken, whatever holds outside. */
export function DEFINE_WAIT_OVERRIDE_MAP(name: string, inner: number): Map {
  const m = new map.lockdep_map()
  return map.initMap(m, name, m, map.LD_WAIT_INV, inner, 'wait-override')
}
/** Whether the lock is of the class of `key`. */
export const lockdep_match_class = quiet((lock: HasMap, key: unknown): boolean =>
  lock.dep_map?.$key === key,
)

/** Whether the running task holds the lock: exclusively (0), as a reader (1), anyhow (-1). */
export const lockdep_is_held_type = quiet((lock: HasMap, read: number): number => {
  const how = read < 0 ? 'any' : read === 0 ? 'exclusive' : 'shared'
  return heldChecker(machine()).isHeld(lock.dep_map, how) ? 1 : 0
})

const asserts = (name: string, good: () => boolean): (() => void) =>
  kernelCall(name, (): void => heldChecker(machine()).assertState(good(), name))
/** Report, once, that this context is another one than the name says. */
export const lockdep_assert_preemption_enabled = asserts(
  'lockdep_assert_preemption_enabled', preemptible,
)
export const lockdep_assert_preemption_disabled = asserts(
  'lockdep_assert_preemption_disabled', () => !preemptible(),
)
export const lockdep_assert_in_irq = asserts('lockdep_assert_in_irq', context.inHardirq)
export const lockdep_assert_no_hardirq = asserts(
  'lockdep_assert_no_hardirq', () => !context.inHardirq(),
)
export const lockdep_assert_in_softirq = asserts(
  'lockdep_assert_in_softirq', () => context.inSoftirq() && !context.inHardirq(),
)

/** Reports when `cond` does not hold, while lock checks speak. */
export const lockdep_assert = kernelCall('lockdep_assert', (cond: unknown): void =>
  heldChecker(machine()).assertTrue(Boolean(cond)),
)
/** Reports, once, that the running task holds any lock. */
export const lockdep_assert_none_held_once = asserts('lockdep_assert_none_held_once', () => {
  const lines: string[] = []
  schedHooks(machine()).heldLocks.emit(now.cpu?.current ?? null, lines)
  return lines.every((line) => line.startsWith('no locks held'))
})

/** Keeps a held lock from being given back by mistake until `lockdep_unpin_lock`. */
export const lockdep_pin_lock = kernelCall('lockdep_pin_lock', (lock: HasMap): number => {
  if (lock.dep_map !== null) locking(machine()).on.pin.emit(lock.dep_map, 1)
  return 1
})
export const lockdep_unpin_lock = kernelCall(
  'lockdep_unpin_lock',
  (lock: HasMap, _cookie: number): void => {
    if (lock.dep_map !== null) locking(machine()).on.pin.emit(lock.dep_map, -1)
  },
)

/** Prints the locks that the running task holds. */
export const debug_show_held_locks = kernelCall('debug_show_held_locks', (_task: unknown): void => {
  const lines: string[] = []
  schedHooks(machine()).heldLocks.emit(now.cpu?.current ?? null, lines)
  kernelLog(machine()).print(4, lines.map((line) => `${line}\n`).join(''))
})
/** Reports when the running task holds any lock. */
export const debug_check_no_locks_held = kernelCall('debug_check_no_locks_held', (): void => {
  const task = now.cpu?.current
  if (task) schedHooks(machine()).taskExit.emit(task)
})
