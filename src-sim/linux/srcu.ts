import { kernelCall, kernelFrame, quiet } from '../kernel/api'
import * as s from '../kernel/rcu/srcu'
import type { srcu_struct as Domain } from '../kernel/rcu/srcu'
import { checkDereference } from '../kernel/rcu/update'
import { acquireOn, markAccess } from '../kernel/locking/access'

/** Brought along, as by the C header. */
export * from './mutex'
export * from './rcupdate'
export * from './workqueue'

/** Sleepable RCU: `linux/srcu`. Each domain waits for its own readers only. */

export { srcu_struct } from '../kernel/rcu/srcu'
export { rcu_head } from '../kernel/rcu/tree'

/** A static domain. */
export function DEFINE_SRCU(name = ''): Domain {
  const domain = new s.srcu_struct()
  s.initSrcu(domain, name || undefined, domain)
  return domain
}
export const DEFINE_STATIC_SRCU = DEFINE_SRCU

/** Makes a domain ready. Pair: `cleanup_srcu_struct`. 0 or -ENOMEM. */
export const init_srcu_struct = kernelCall('init_srcu_struct', (domain: Domain, name?: string) =>
  s.initSrcu(domain, name),
)
/** Enters a reader; it may sleep. Answers the index that `srcu_read_unlock` wants back. */
export const srcu_read_lock = kernelCall('srcu_read_lock', (domain: Domain) =>
  s.srcuReadLock(domain, 'normal'),
)
export const srcu_read_unlock = kernelCall('srcu_read_unlock', (domain: Domain, index: number) =>
  s.srcuReadUnlock(domain, index),
)
export const srcu_read_lock_nmisafe = kernelCall('srcu_read_lock_nmisafe', (domain: Domain) =>
  s.srcuReadLock(domain, 'nmisafe'),
)
export const srcu_read_unlock_nmisafe = kernelCall(
  'srcu_read_unlock_nmisafe',
  (domain: Domain, index: number) => s.srcuReadUnlock(domain, index),
)
/** Reads a pointer that the domain protects. */
export function srcu_dereference<T extends object, K extends keyof T>(
  object: T,
  field: K,
  _domain: Domain,
): T[K] {
  markAccess(object, field, false)
  acquireOn(object)
  return object[field]
}
/** Sleeps until all readers of the domain that had begun before are over. */
export const synchronize_srcu = kernelCall('synchronize_srcu', s.synchronizeSrcu)
export const synchronize_srcu_expedited = kernelFrame('synchronize_srcu_expedited', (d: Domain) =>
  s.synchronizeSrcu(d),
)
/** Calls `func(head)` in process context, with softirqs off, after a grace period. Any context. */
export const call_srcu = kernelCall('call_srcu', s.callSrcu)
/** Sleeps until all callbacks of the domain queued before have run. */
export const srcu_barrier = kernelCall('srcu_barrier', s.srcuBarrier)
/** Ends a domain that is at rest; run `srcu_barrier` first if callbacks were used. */
export const cleanup_srcu_struct = kernelCall('cleanup_srcu_struct', s.cleanupSrcu)

/** The same where `condition` (a held lock) is enough instead of a reader. */
export function srcu_dereference_check<T extends object, K extends keyof T>(
  object: T,
  field: K,
  domain: Domain,
  condition: unknown,
): T[K] {
  checkDereference(Boolean(condition) || s.srcuReadLockHeld(domain), 'srcu_dereference_check')
  markAccess(object, field, false)
  acquireOn(object)
  return object[field]
}
/** Whether this task is a reader of the domain, as far as the lock checker knows. */
export const srcu_read_lock_held = kernelCall('srcu_read_lock_held', (domain: Domain): number =>
  s.srcuReadLockHeld(domain) ? 1 : 0,
)
/** The cheapest reader; not to be mixed with the others of a domain. */
export const srcu_read_lock_fast = kernelCall('srcu_read_lock_fast', (domain: Domain) =>
  s.srcuReadLock(domain, 'fast'),
)
export const srcu_read_unlock_fast = kernelCall(
  'srcu_read_unlock_fast',
  (domain: Domain, index: number) => s.srcuReadUnlock(domain, index),
)
/** A reader that another context may end: not tracked as this task's. */
export const srcu_down_read = kernelCall('srcu_down_read', (domain: Domain) =>
  s.srcuReadLock(domain, 'normal', false),
)
export const srcu_up_read = kernelCall('srcu_up_read', (domain: Domain, index: number) =>
  s.srcuReadUnlock(domain, index, false),
)
/** Makes the end of a reader a full barrier. */
export const smp_mb__after_srcu_read_unlock = quiet((): void => {})
/** A number that `poll_state_synchronize_srcu` takes: stands for the readers of now. */
export const get_state_synchronize_srcu = kernelCall('get_state_synchronize_srcu', s.srcuCookie)
/** The same, and a grace period is begun for it. */
export const start_poll_synchronize_srcu = kernelCall(
  'start_poll_synchronize_srcu',
  s.startPollSrcu,
)
/** Whether a grace period has passed since the number was taken. */
export const poll_state_synchronize_srcu = kernelCall('poll_state_synchronize_srcu', s.pollSrcu)
