import { kernelCall, quiet } from '../kernel/api'
import { clearYoung, testYoung, invalidateSecondaryTlbs } from '../kernel/mmu-notifier/aging'
import * as interval from '../kernel/mmu-notifier/interval'
import { rangeBlockable } from '../kernel/mmu-notifier/invalidate'
import { subscriptionsOf } from '../kernel/mmu-notifier/mm-notifiers'
import * as n from '../kernel/mmu-notifier/register'
import type {
  mmu_interval_notifier as Interval, mmu_interval_notifier_ops, mmu_notifier as Notifier,
  mmu_notifier_ops,
} from '../kernel/mmu-notifier/structs'
import type { mm_struct } from '../kernel/mm/mm-struct'
import {
  mmu_notifier_range as RangeClass, NOTIFY, notifyEnd, notifyStart, RANGE_BLOCKABLE,
  type NotifyEvent,
} from '../kernel/mm/notify'

/**
 * Being told of every change of an address space, before it happens: `linux/mmu_notifier`. Hardware
 * with page tables of its own (a virtual machine, a network card, a graphics card) follows the
 * tables of the CPU this way, without keeping a single page.
 */

export {
  mmu_interval_notifier,
  mmu_interval_notifier_finish,
  mmu_notifier,
  type mmu_interval_notifier_ops,
  type mmu_notifier_ops,
} from '../kernel/mmu-notifier/structs'

type Range = RangeClass
/** A change of pages; made ready by `mmu_notifier_range_init`. */
export const mmu_notifier_range = RangeClass as unknown as new () => Range
export type mmu_notifier_range = Range

export const MMU_NOTIFY_UNMAP = NOTIFY.UNMAP
export const MMU_NOTIFY_CLEAR = NOTIFY.CLEAR
export const MMU_NOTIFY_PROTECTION_VMA = NOTIFY.PROTECTION_VMA
export const MMU_NOTIFY_PROTECTION_PAGE = NOTIFY.PROTECTION_PAGE
export const MMU_NOTIFY_SOFT_DIRTY = NOTIFY.SOFT_DIRTY
/** Only subscribers to ranges get it: the address space ends. */
export const MMU_NOTIFY_RELEASE = NOTIFY.RELEASE
export const MMU_NOTIFY_MIGRATE = NOTIFY.MIGRATE
export const MMU_NOTIFY_EXCLUSIVE = NOTIFY.EXCLUSIVE

/** The callbacks may sleep. */
export const MMU_NOTIFIER_RANGE_BLOCKABLE = RANGE_BLOCKABLE

/**
 * Subscribes to all changes of `mm`; the callbacks may run before this returns. The caller uses the
 * address space (`mm_users`) and holds none of its locks; the subscription keeps the structure
 * (`mm_count`). 0, -ENOMEM, -EINTR, or -EINVAL for functions that do not go together. May sleep.
 * Pair: `mmu_notifier_unregister`. MMUN-01.
 */
export const mmu_notifier_register = kernelCall(
  'mmu_notifier_register',
  (subscription: Notifier, mm: mm_struct) => n.register(subscription, mm),
)
/** The same for one who holds the lock of the mappings for writing. */
export const __mmu_notifier_register = kernelCall('__mmu_notifier_register', n.registerLocked)
/**
 * Calls `release` if the address space has not ended yet, leaves, and waits until no callback of
 * any address space runs: then the object may be freed. Not from a callback. May sleep. MMUN-13.
 */
export const mmu_notifier_unregister = kernelCall('mmu_notifier_unregister', n.unregister)
/**
 * The subscription that `ops` has on `mm`, made by its `alloc_notifier` the first time; an error
 * pointer otherwise. Takes the lock of the mappings. May sleep. Pair: `mmu_notifier_put`. MMUN-14.
 */
export const mmu_notifier_get = kernelCall(
  'mmu_notifier_get', (ops: mmu_notifier_ops, mm: mm_struct) => n.get(ops, mm),
)
/** The same for one who holds the lock of the mappings for writing. */
export const mmu_notifier_get_locked = kernelCall(
  'mmu_notifier_get_locked', (ops: mmu_notifier_ops, mm: mm_struct) => n.getLocked(ops, mm),
)
/**
 * One user less. After the last one `free_notifier` is called when no callback can be inside; it is
 * not waited for, and `release` is not called. MMUN-14.
 */
export const mmu_notifier_put = kernelCall('mmu_notifier_put', n.put)
/** For the exit function of a module: all `free_notifier` of earlier puts have run. MMUN-15. */
export const mmu_notifier_synchronize = kernelCall('mmu_notifier_synchronize', () =>
  n.synchronize(),
)

/**
 * Subscribes to changes of [start, start + length). The caller uses the address space. 0, -ENOMEM,
 * -EINTR, -EOVERFLOW for an empty range or one that wraps, -EINVAL when the address space has no
 * user. May sleep. Pair: `mmu_interval_notifier_remove`. MMUN-16.
 */
export const mmu_interval_notifier_insert = kernelCall(
  'mmu_interval_notifier_insert',
  (
    interval_sub: Interval, mm: mm_struct, start: number, length: number,
    ops: mmu_interval_notifier_ops,
  ) => interval.insert(interval_sub, mm, { start, length, ops }),
)
/** The same for one who holds the lock of the mappings for writing. */
export const mmu_interval_notifier_insert_locked = kernelCall(
  'mmu_interval_notifier_insert_locked',
  (
    interval_sub: Interval, mm: mm_struct, start: number, length: number,
    ops: mmu_interval_notifier_ops,
  ) => interval.insertLocked(interval_sub, mm, { start, length, ops }),
)
/**
 * Leaves: waits for the changes in progress, so no lock that a callback takes may be held. After
 * it no callback runs. May sleep. MMUN-16.
 */
export const mmu_interval_notifier_remove = kernelCall(
  'mmu_interval_notifier_remove', (interval_sub: Interval) => interval.remove(interval_sub),
)
/**
 * Begins to look at the pages of the range, when no change of it is in progress. The answer goes to
 * `mmu_interval_read_retry`. May sleep; no lock that a callback takes may be held. MMUN-18.
 */
export const mmu_interval_read_begin = kernelCall(
  'mmu_interval_read_begin', (interval_sub: Interval) => interval.readBegin(interval_sub),
)
/**
 * True when what was found since `seq` may be wrong: drop the lock and begin again. Asked with the
 * lock held that `invalidate` takes.
 */
export const mmu_interval_read_retry = kernelCall('mmu_interval_read_retry', interval.readRetry)
/** The same without the lock: true is true, false says nothing. */
export const mmu_interval_check_retry = kernelCall(
  'mmu_interval_check_retry',
  (interval_sub: Interval, seq: number): boolean => interval_sub.invalidate_seq !== seq,
)
/** From `invalidate`, under the lock of the reader and before anything is torn down. */
export const mmu_interval_set_seq = kernelCall('mmu_interval_set_seq', interval.setSeq)

/** Describes a change that is to be announced. */
export const mmu_notifier_range_init_owner = quiet(function mmu_notifier_range_init_owner(
  range: Range, event: NotifyEvent, flags: number, mm: mm_struct, start: number, end: number,
  owner: unknown,
): void {
  Object.assign(range, { mm, start, end, flags, event, owner })
})
export const mmu_notifier_range_init = quiet(function mmu_notifier_range_init(
  range: Range, event: NotifyEvent, flags: number, mm: mm_struct, start: number, end: number,
): void {
  mmu_notifier_range_init_owner(range, event, flags, mm, start, end, null)
})
/** Whether the callback may sleep. */
export const mmu_notifier_range_blockable = quiet(rangeBlockable)

/** Announces a change; every callback may sleep. */
export const mmu_notifier_invalidate_range_start = kernelCall(
  'mmu_notifier_invalidate_range_start',
  function* (range: Range) {
    range.flags |= RANGE_BLOCKABLE
    yield* notifyStart(range)
  },
)
/** Announces a change from where nobody may sleep: 0, or -EAGAIN, after which nothing may change. */
export const mmu_notifier_invalidate_range_start_nonblock = kernelCall(
  'mmu_notifier_invalidate_range_start_nonblock',
  function (range: Range) {
    range.flags &= ~RANGE_BLOCKABLE
    return notifyStart(range)
  },
)
/** The change is done. */
export const mmu_notifier_invalidate_range_end = kernelCall(
  'mmu_notifier_invalidate_range_end', (range: Range) => notifyEnd(range),
)
/** The CPU has flushed translations; tells those who walk its page tables. Does not sleep. */
export const mmu_notifier_arch_invalidate_secondary_tlbs = kernelCall(
  'mmu_notifier_arch_invalidate_secondary_tlbs',
  (mm: mm_struct, start: number, end: number): void => {
    const all = subscriptionsOf(mm)
    if (all) invalidateSecondaryTlbs(all, mm, start, end)
  },
)

/** Whether anybody used the pages; makes them forget it and drop what they cached. */
export const mmu_notifier_clear_flush_young = kernelCall(
  'mmu_notifier_clear_flush_young',
  (mm: mm_struct, start: number, end: number) => {
    const all = subscriptionsOf(mm)
    return all ? clearYoung(all, 'clear_flush_young', mm, start, end) : false
  },
)
/** Whether anybody used the pages; makes them forget it. */
export const mmu_notifier_clear_young = kernelCall(
  'mmu_notifier_clear_young',
  (mm: mm_struct, start: number, end: number) => {
    const all = subscriptionsOf(mm)
    return all ? clearYoung(all, 'clear_young', mm, start, end) : false
  },
)
/** Whether anybody used the page. */
export const mmu_notifier_test_young = kernelCall(
  'mmu_notifier_test_young',
  (mm: mm_struct, address: number) => {
    const all = subscriptionsOf(mm)
    return all ? testYoung(all, mm, address) : false
  },
)

/** Whether anybody ever subscribed to this address space. */
export const mm_has_notifiers = quiet(function mm_has_notifiers(mm: mm_struct): boolean {
  return subscriptionsOf(mm) !== null
})
