import { machine } from '../../engine/current'
import { call, point, type Sim } from '../../engine/suspend'
import * as ev from '../../trace/events'
import { emit } from '../emit'
import { errPtr, isErr } from '../err'
import { EINTR, EINVAL, ENOMEM, EOVERFLOW } from '../errno'
import { heldChecker } from '../locking/assert'
import { load } from '../locking/atomic'
import { faultInjection } from '../mm/fault-injection'
import { mmapLock, mmapUnlock, mmDrop, mmGrab, type mm_struct } from '../mm/mm-struct'
import { memoryAccess } from '../mm/watch'
import { kernelBug } from '../printk/oops'
import { warn } from '../printk/warn'
import { callSrcu, srcuReadLock, srcuReadUnlock } from '../rcu/srcu'
import { current } from '../sched/schedule'
import { signalPending } from '../sched/signal'
import { newSubscriptions, subscriptionsOf } from './mm-notifiers'
import type { mmu_notifier, mmu_notifier_ops } from './structs'
import { mmuNotifiers } from './subscriptions'
import { awaitCallbacks, callBack } from './walk'

const UINT_MAX = 0xffff_ffff
const FILE = 'mm/mmu_notifier.c'

function bugUnless(good: boolean, inside: string, rule: string): void {
  if (!good) kernelBug(machine(), FILE, inside, [rule])
}

const assertWriteLocked = (mm: mm_struct): void =>
  heldChecker(machine()).assert(mm.mmap_lock.dep_map, 'exclusive')

/** Only one of the two kinds of hardware, or neither. */
function mixesHooks(ops: mmu_notifier_ops): boolean {
  if (!ops.arch_invalidate_secondary_tlbs) return false
  return Boolean(ops.invalidate_range_start ?? ops.invalidate_range_end)
}

/**
 * Adds a subscriber, or, without one, prepares the address space for subscribers to ranges. The
 * caller holds the lock of the mappings for writing, and is a user of the address space.
 */
export function registerLocked(subscription: mmu_notifier | null, mm: mm_struct): number {
  const m = machine()
  const inside = '__mmu_notifier_register'
  assertWriteLocked(mm)
  bugUnless(load(mm.mm_users) > 0, inside, 'MMUN-01')
  if (subscription && mixesHooks(subscription.ops!)) {
    warn(m, 'mmu-notifier-hooks', `${FILE} at ${inside}`, null, { rules: ['MMUN-01'] })
    return -EINVAL
  }
  if (faultInjection(m).shouldFail('mmu_notifier_register')) return -ENOMEM
  // The locks of all mappings are taken in turn; a signal ends that.
  if (signalPending(current())) return -EINTR
  mm.notifier_subscriptions ??= newSubscriptions()
  const all = subscriptionsOf(mm)!
  if (subscription === null) {
    all.hasTree = true
    return 0
  }
  mmGrab(mm)
  subscription.mm = mm
  subscription.users = 1
  all.addFirst(subscription)
  emit(ev.mmu_notifier_register, subscription, mm)
  mmuNotifiers(m).on.linked.emit(subscription, mm)
  return 0
}

export function* register(subscription: mmu_notifier | null, mm: mm_struct): Sim<number> {
  yield* mmapLock(mm, true)
  const ret = registerLocked(subscription, mm)
  mmapUnlock(mm, true)
  return ret
}

function unlinkFrom(mm: mm_struct, subscription: mmu_notifier): void {
  subscriptionsOf(mm)!.unlink(subscription)
  mmuNotifiers(machine()).on.unlinked.emit(subscription)
}

const LEAVES = { $name: 'mmu_notifier_unregister' }

/** Releases what is shadowed, leaves, and waits for all callbacks of all address spaces. */
export function* unregister(subscription: mmu_notifier, mm: mm_struct): Sim {
  const inside = 'mmu_notifier_unregister'
  const { srcu } = mmuNotifiers(machine())
  bugUnless(load(mm.mm_count) > 0, inside, 'MMUN-13')
  memoryAccess(machine()).touch(subscription, 'hlist', false, inside)
  if (subscription.$linked) {
    const index = srcuReadLock(srcu, 'normal')
    const { release } = subscription.ops!
    if (release)
      yield* callBack(subscription, 'release', inside, () => release(subscription, mm))
    srcuReadUnlock(srcu, index)
    yield point(LEAVES, subscription)
    if (subscription.$linked) unlinkFrom(mm, subscription)
  }
  yield* awaitCallbacks()
  bugUnless(load(mm.mm_count) > 0, inside, 'MMUN-13')
  emit(ev.mmu_notifier_unregister, subscription, mm)
  mmDrop(mm)
}

/** The one that these functions have there already, with one more user. */
function findAndGet(mm: mm_struct, ops: mmu_notifier_ops): mmu_notifier | null {
  const found = subscriptionsOf(mm)?.list.find((subscription) => subscription.ops === ops)
  if (!found) return null
  if (found.users === UINT_MAX) return errPtr(-EOVERFLOW)
  found.users++
  return found
}

/** Answers the subscriber that these functions have in an address space, making it if need be. */
export function* getLocked(ops: mmu_notifier_ops, mm: mm_struct): Sim<mmu_notifier> {
  assertWriteLocked(mm)
  const found = findAndGet(mm, ops)
  if (found) return found
  const made = yield* call(() => ops.alloc_notifier!(mm))
  if (isErr(made)) return made
  made.ops = ops
  const ret = registerLocked(made, mm)
  if (ret === 0) return made
  yield* call(() => made.ops!.free_notifier!(made))
  return errPtr(ret)
}

export function* get(ops: mmu_notifier_ops, mm: mm_struct): Sim<mmu_notifier> {
  yield* mmapLock(mm, true)
  const subscription = yield* getLocked(ops, mm)
  mmapUnlock(mm, true)
  return subscription
}

function* freeLater(subscription: mmu_notifier): Sim {
  const { mm } = subscription
  emit(ev.mmu_notifier_unregister, subscription, mm)
  yield* call(() => subscription.ops!.free_notifier!(subscription))
  mmDrop(mm!)
}

/** One user less; the last one leaves, and the memory goes when no callback can be in it. */
export function put(subscription: mmu_notifier): void {
  const m = machine()
  memoryAccess(m).touch(subscription, 'users', true, 'mmu_notifier_put')
  if (subscription.users === 0) {
    warn(m, 'mmu-notifier-put', `${FILE} at mmu_notifier_put`, null, {
      once: false,
      objects: [subscription],
      rules: ['MMUN-14'],
    })
    return
  }
  if (--subscription.users > 0) return
  unlinkFrom(subscription.mm!, subscription)
  const free = (() => freeLater(subscription)) as unknown as (head: object) => void
  callSrcu(mmuNotifiers(m).srcu, subscription.rcu, Object.assign(free, { $name: 'mmu_notifier_free_rcu' }))
}

/** Returns when everything that was put before has been freed. */
export const synchronize = (): Sim => awaitCallbacks()
