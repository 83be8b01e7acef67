import { machine } from '../../engine/current'
import type { Sim } from '../../engine/suspend'
import { locking } from '../locking/locking'
import type { mm_struct } from '../mm/mm-struct'
import { annotateNotifications, type MmSubscriptions, type mmu_notifier_range } from '../mm/notify'
import { kernelBug } from '../printk/oops'
import { mapAcquire, mapRelease } from '../rcu/maps'
import { invalidateSecondaryTlbs } from './aging'
import { invalidateEnd, invalidateStart } from './invalidate'
import { releaseAll } from './release'
import { mmuNotifiers, Subscriptions } from './subscriptions'

/** The subscribers of an address space, as the memory management sees them. */
class MmNotifiers extends Subscriptions implements MmSubscriptions {
  rangeStart(range: mmu_notifier_range): Sim<number> {
    return invalidateStart(this, range)
  }

  rangeEnd(range: mmu_notifier_range): Sim {
    return invalidateEnd(this, range)
  }

  release(mm: mm_struct): Sim {
    return releaseAll(this, mm)
  }

  invalidateSecondaryTlbs(mm: mm_struct, start: number, end: number): void {
    if (this.list.length > 0) invalidateSecondaryTlbs(this, mm, start, end)
  }

  destroy(): void {
    if (this.list.length > 0)
      kernelBug(machine(), 'mm/mmu_notifier.c', '__mmu_notifier_subscriptions_destroy', ['MM-06'])
  }
}

export const newSubscriptions = (): Subscriptions & MmSubscriptions => new MmNotifiers()

export const subscriptionsOf = (mm: mm_struct): Subscriptions | null =>
  mm.notifier_subscriptions as (Subscriptions & MmSubscriptions) | null

/** For lock checkers every change might call a subscriber that waits. */
export function announceWaiting(): void {
  const m = machine()
  if (!locking(m).on.acquire.listened) return
  const { map } = mmuNotifiers(m)
  mapAcquire(map, 0)
  mapRelease(map)
}

annotateNotifications({ start: announceWaiting, end: () => {} })
