import { machine } from '../../engine/current'
import type { Sim } from '../../engine/suspend'
import type { mm_struct } from '../mm/mm-struct'
import { memoryAccess } from '../mm/watch'
import { srcuReadLock, srcuReadUnlock } from '../rcu/srcu'
import { mmuNotifiers, type Subscriptions } from './subscriptions'
import { callBack, eachListed } from './walk'

type RangeHook = 'clear_flush_young' | 'clear_young'

/** Asks everybody whether pages of a range were used, and makes them forget it. */
export function* clearYoung(
  all: Subscriptions, hook: RangeHook, mm: mm_struct, start: number, end: number,
): Sim<boolean> {
  let young = false
  yield* eachListed(all, function* (subscription) {
    const ask = subscription.ops![hook]
    if (!ask) return
    const used = yield* callBack(subscription, hook, `__mmu_notifier_${hook}`, () =>
      ask(subscription, mm, start, end))
    if (used) young = true
  })
  return young
}

/** Asks until somebody says that a page was used. */
export function* testYoung(all: Subscriptions, mm: mm_struct, address: number): Sim<boolean> {
  let young = false
  yield* eachListed(all, function* (subscription) {
    const ask = subscription.ops!.test_young
    if (ask)
      young = Boolean(
        yield* callBack(subscription, 'test_young', '__mmu_notifier_test_young', () =>
          ask(subscription, mm, address)),
      )
    return young
  })
  return young
}

/**
 * The CPU flushed translations: whoever walks its page tables must forget them, too. The callers
 * may hold spinlocks.
 */
export function invalidateSecondaryTlbs(
  all: Subscriptions, mm: mm_struct, start: number, end: number,
): void {
  const m = machine()
  const { srcu, on } = mmuNotifiers(m)
  const inside = '__mmu_notifier_arch_invalidate_secondary_tlbs'
  const index = srcuReadLock(srcu, 'normal')
  for (const subscription of all.list) {
    memoryAccess(m).touch(subscription, 'ops', false, inside)
    const flush = subscription.ops!.arch_invalidate_secondary_tlbs
    if (!flush) continue
    on.callback.emit(subscription, 'arch_invalidate_secondary_tlbs')
    m.runtime.atomic(flush(subscription, mm, start, end))
  }
  srcuReadUnlock(srcu, index)
}
