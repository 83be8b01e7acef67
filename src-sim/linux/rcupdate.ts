import { kernelCall, kernelFrame, quiet } from '../kernel/api'
import type { Sim } from '../engine/suspend'
import { acquireOn, markAccess, releaseOn } from '../kernel/locking/access'
import { localBhDisable, localBhEnable } from '../kernel/irq/softirq'
import { inSoftirq, irqsDisabled, preemptCount, preemptible } from '../kernel/irq/context'
import { machine } from '../engine/current'
import { locking } from '../kernel/locking/locking'
import { mapAcquire, mapRelease, rcuMaps } from '../kernel/rcu/maps'
import * as tree from '../kernel/rcu/tree'
import * as update from '../kernel/rcu/update'
import { preemptDisable, preemptEnable } from '../kernel/sched/schedule'

/** Brought along, as by the C header. */
export * from './atomic'
export * from './bottom_half'
export * from './cleanup'
export * from './compiler'
export * from './irqflags'
export * from './lockdep'
export * from './preempt'
export * from './types'

/**
 * RCU: `linux/rcupdate`. Readers never wait; who removes something publishes the removal first,
 * waits for a grace period, and only then frees. A field that RCU protects is named by its object:
 * `rcu_dereference(dev, 'config')`, `rcu_assign_pointer(dev, 'config', next)`.
 */

export { rcu_head } from '../kernel/rcu/tree'

/** Enters a reader. Nests. Nothing inside may sleep. Any context. */
export const rcu_read_lock = kernelCall('rcu_read_lock', tree.rcuReadLock)
export const rcu_read_unlock = kernelCall('rcu_read_unlock', tree.rcuReadUnlock)
/** The same with softirqs off. */
export const rcu_read_lock_bh = kernelCall('rcu_read_lock_bh', function (): void {
  localBhDisable()
  mapAcquire(rcuMaps(machine()).bh, 2)
})
export const rcu_read_unlock_bh = kernelCall('rcu_read_unlock_bh', function (): void | Sim {
  mapRelease(rcuMaps(machine()).bh)
  return localBhEnable()
})
/** The same with preemption off. */
export const rcu_read_lock_sched = kernelCall('rcu_read_lock_sched', function (): void {
  preemptDisable()
  mapAcquire(rcuMaps(machine()).sched, 2)
})
export const rcu_read_unlock_sched = kernelCall('rcu_read_unlock_sched', function (): void {
  mapRelease(rcuMaps(machine()).sched)
  preemptEnable()
})
/** Whether this is a reader; always 1 once the lock checks are off, so that nothing is asserted. */
const answering = (name: string, inside: () => boolean): (() => number) =>
  kernelCall(name, () => (inside() || !locking(machine()).debugLocks ? 1 : 0))

export const rcu_read_lock_held = answering('rcu_read_lock_held', tree.rcuReadLockHeld)
/** Softirqs (or interrupts) off count as well. */
export const rcu_read_lock_bh_held = answering(
  'rcu_read_lock_bh_held',
  () => inSoftirq() || irqsDisabled(),
)
/** Every region without preemption counts. */
export const rcu_read_lock_sched_held = answering(
  'rcu_read_lock_sched_held',
  () => !preemptible(),
)
/** Any of them. */
export const rcu_read_lock_any_held = answering(
  'rcu_read_lock_any_held',
  () => tree.rcuReadLockHeld() || !preemptible(),
)

type Field<T> = keyof T

function load<T extends object, K extends Field<T>>(object: T, field: K): T[K] {
  markAccess(object, field, false)
  acquireOn(object)
  return object[field]
}

/** Reads a protected pointer inside a reader. */
export function rcu_dereference<T extends object, K extends Field<T>>(object: T, field: K): T[K] {
  update.checkDereference(tree.rcuReadLockHeld(), 'rcu_dereference_check')
  return load(object, field)
}
/** The same where `condition` (a held lock) is enough instead of a reader. */
export function rcu_dereference_check<T extends object, K extends Field<T>>(
  object: T,
  field: K,
  condition: unknown,
): T[K] {
  update.checkDereference(Boolean(condition) || tree.rcuReadLockHeld(), 'rcu_dereference_check')
  return load(object, field)
}
/** For the side that updates: `condition` says which lock keeps others away. */
export function rcu_dereference_protected<T extends object, K extends Field<T>>(
  object: T,
  field: K,
  condition: unknown,
): T[K] {
  update.checkDereference(Boolean(condition), 'rcu_dereference_protected')
  return object[field]
}
/** Reads the pointer only to test it, never to follow it. */
export function rcu_access_pointer<T extends object, K extends Field<T>>(
  object: T,
  field: K,
): T[K] {
  markAccess(object, field, false)
  return object[field]
}
export const rcu_dereference_raw = rcu_access_pointer

/** Publishes: readers that see the new pointer see all that was written to it before. */
export function rcu_assign_pointer<T extends object, K extends Field<T>>(
  object: T,
  field: K,
  value: T[K],
): void {
  markAccess(object, field, true)
  releaseOn(object)
  object[field] = value
}
/** Assigns where nothing needs to be published: NULL, or before anybody can see the object. */
export function RCU_INIT_POINTER<T extends object, K extends Field<T>>(
  object: T,
  field: K,
  value: T[K],
): void {
  object[field] = value
}
/** Publishes a new pointer and answers the old one. */
export function rcu_replace_pointer<T extends object, K extends Field<T>>(
  object: T,
  field: K,
  value: T[K],
  condition: unknown,
): T[K] {
  const old = rcu_dereference_protected(object, field, condition)
  rcu_assign_pointer(object, field, value)
  return old
}

/** Calls `func(head)` in softirq context when all readers of now are gone. Any context. */
export const call_rcu = kernelCall('call_rcu', update.callRcu)
export const call_rcu_hurry = kernelCall('call_rcu_hurry', (
  h: tree.rcu_head, f: tree.RcuFunction,
) =>
  update.callRcu(h, f),
)
/** Sleeps until all readers that had begun before are over. Not inside a reader. */
export const synchronize_rcu = kernelFrame('synchronize_rcu', () =>
  update.synchronizeRcu('synchronize_rcu', false),
)
/** The same in microseconds, by disturbing the other CPUs. */
export const synchronize_rcu_expedited = kernelFrame('synchronize_rcu_expedited', () =>
  update.synchronizeRcu('synchronize_rcu_expedited', true),
)
/**
 * Sleeps until all callbacks queued before have run: needed before a module with callbacks goes.
 */
export const rcu_barrier = kernelCall('rcu_barrier', update.rcuBarrier)
/** Frees the object that contains the rcu_head called `_field`, after a grace period. */
export function kfree_rcu(object: object | null, _field = 'rcu'): void {
  update.kfreeRcu(object)
}
;(kfree_rcu as { $freely?: true }).$freely = true
/** As `kfree_rcu` for objects without an rcu_head; may sleep. */
export const kfree_rcu_mightsleep = kernelCall('kfree_rcu_mightsleep', function* (
  object: object | null,
): Sim {
  yield* update.synchronizeRcu('synchronize_rcu', false)
  update.kfreeRcu(object)
})
export const kvfree_rcu = kfree_rcu
/** Sleeps until what `kfree_rcu` has been given is freed. */
export const kvfree_rcu_barrier = kernelFrame('kvfree_rcu_barrier', () => update.rcuBarrier())

/** Reads for the other flavours of readers. */
export function rcu_dereference_bh<T extends object, K extends Field<T>>(object: T, field: K): T[K] {
  update.checkDereference(inSoftirq(), 'rcu_dereference_check')
  return load(object, field)
}
export function rcu_dereference_sched<T extends object, K extends Field<T>>(
  object: T,
  field: K,
): T[K] {
  update.checkDereference(preemptCount() !== 0 || irqsDisabled(), 'rcu_dereference_check')
  return load(object, field)
}
/** The pointer leaves RCU's care: a lock or a reference protects it from now on. */
export const rcu_pointer_handoff = quiet(function rcu_pointer_handoff<T>(pointer: T): T {
  return pointer
})
export const rcu_is_watching = quiet((): boolean => true)
/** Reports `suspicious RCU usage` with `text` when `condition` holds. */
export const RCU_LOCKDEP_WARN = kernelCall(
  'RCU_LOCKDEP_WARN',
  (condition: unknown, text: string): void => {
    if (condition) update.suspiciousHere(text)
  },
)
/** Reports callers inside a reader: for functions that sleep. */
export const rcu_sleep_check = kernelCall('rcu_sleep_check', update.rcuSleepCheck)

/** A number that stands for the readers of now. */
export const get_state_synchronize_rcu = kernelCall('get_state_synchronize_rcu', update.rcuCookie)
/** The same, and a grace period is begun for it. */
export const start_poll_synchronize_rcu = kernelCall(
  'start_poll_synchronize_rcu',
  update.startPollRcu,
)
/** Whether a grace period has passed since the number was taken. */
export const poll_state_synchronize_rcu = kernelCall('poll_state_synchronize_rcu', update.pollRcu)
/** Waits for a grace period unless one has passed since the number was taken. May sleep. */
export const cond_synchronize_rcu = kernelCall('cond_synchronize_rcu', function* (
  cookie: number,
): Sim {
  if (!update.pollRcu(cookie)) yield* update.synchronizeRcu('synchronize_rcu', false)
})
/** The same in microseconds, by disturbing the other CPUs. */
export const cond_synchronize_rcu_expedited = kernelCall(
  'cond_synchronize_rcu_expedited',
  function* (cookie: number): Sim {
    if (!update.pollRcu(cookie)) yield* update.synchronizeRcu('synchronize_rcu_expedited', true)
  },
)
/** A number that stands for a grace period that is over. */
export const get_completed_synchronize_rcu = quiet((): number => 0)
/** Whether two numbers stand for the same grace period. */
export const same_state_synchronize_rcu = quiet((a: number, b: number): boolean => a === b)

/** For heads in local variables; heads elsewhere need no preparation. */
export const init_rcu_head = kernelCall('init_rcu_head', (_head: tree.rcu_head): void => {})
export const destroy_rcu_head = kernelCall('destroy_rcu_head', (_head: tree.rcu_head): void => {})
export const init_rcu_head_on_stack = init_rcu_head
export const destroy_rcu_head_on_stack = destroy_rcu_head
/** Marks a head as not yet given to `call_rcu`; see `rcu_head_after_call_rcu`. */
export const rcu_head_init = kernelCall('rcu_head_init', (head: tree.rcu_head): void => {
  head.$func = null
})
/** Whether the head was given to `call_rcu` with this function. */
export const rcu_head_after_call_rcu = kernelCall(
  'rcu_head_after_call_rcu',
  (head: tree.rcu_head, f: tree.RcuFunction): boolean => head.$func === f,
)
export const kvfree_rcu_mightsleep = kfree_rcu_mightsleep
