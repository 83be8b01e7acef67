import { machine } from '../../engine/current'
import { call, point, type Sim } from '../../engine/suspend'
import { mmu_notifier_callback, mmu_notifier_callback_end } from '../../trace/events'
import { emit } from '../emit'
import { memoryAccess } from '../mm/watch'
import { srcuBarrier, srcuReadLock, srcuReadUnlock, synchronizeSrcu } from '../rcu/srcu'
import { mmuNotifiers, type Subscriptions } from './subscriptions'
import type { AnyNotifier, mmu_notifier } from './structs'

const CALLBACK = { $name: 'mmu_notifier_callback' }

/**
 * Calls one function of a subscriber, in whose memory the table of functions is found: `inside` is
 * the kernel function that looks there.
 */
export function* callBack<T>(
  subscription: AnyNotifier, field: string, inside: string, f: () => T,
): Sim<T> {
  const m = machine()
  yield point(CALLBACK, subscription)
  memoryAccess(m).touch(subscription, 'ops', false, inside)
  mmuNotifiers(m).on.callback.emit(subscription, field)
  emit(mmu_notifier_callback, field, subscription, subscription.mm)
  const result = yield* call(f)
  emit(mmu_notifier_callback_end, field)
  return result
}

/** Visits the list as a reader of the common domain: who leaves meanwhile is passed by. */
export function* eachListed(
  all: Subscriptions, visit: (subscription: mmu_notifier) => Sim<boolean | void>,
): Sim {
  const { srcu } = mmuNotifiers(machine())
  const index = srcuReadLock(srcu, 'normal')
  yield* walkList(all, visit)
  srcuReadUnlock(srcu, index)
}

/** The same for one who is a reader already. Ends early when a visit answers true. */
export function* walkList(
  all: Subscriptions, visit: (subscription: mmu_notifier) => Sim<boolean | void>,
): Sim {
  for (const subscription of all.list)
    if (subscription.$linked && (yield* visit(subscription)) === true) return
}

/** Returns when all callbacks that run now are over, in all address spaces. */
export function* awaitCallbacks(): Sim {
  const { srcu } = mmuNotifiers(machine())
  yield* synchronizeSrcu(srcu)
  // The wait is itself a callback of the domain: those that were queued before it run first.
  yield* srcuBarrier(srcu)
}
