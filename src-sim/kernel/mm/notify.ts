import { KernelObject } from '../../engine/object'
import type { Sim } from '../../engine/suspend'
import { mightSleep } from '../sched/schedule'
import type { mm_struct } from './mm-struct'
import type { vm_area_struct } from './vma'

/** Why page tables change, with the numbers that `enum mmu_notifier_event` gives them. */
export const NOTIFY = {
  UNMAP: 0,
  CLEAR: 1,
  PROTECTION_VMA: 2,
  PROTECTION_PAGE: 3,
  SOFT_DIRTY: 4,
  RELEASE: 5,
  MIGRATE: 6,
  EXCLUSIVE: 7,
} as const
export type NotifyEvent = (typeof NOTIFY)[keyof typeof NOTIFY]

/** The callbacks may sleep. */
export const RANGE_BLOCKABLE = 1

/** Upper end of a range that covers everything; ULONG_MAX as far as a number can be. */
export const ADDRESS_MAX = 2 ** 64 - 1

/** A change of page tables, told before it begins and after it is done. */
export class mmu_notifier_range extends KernelObject {
  mm: mm_struct
  start: number
  end: number
  /** MMU_NOTIFIER_RANGE_BLOCKABLE or 0. */
  flags: number
  event: NotifyEvent
  /** Who does it on purpose, for MIGRATE and EXCLUSIVE: lets a driver ignore its own doing. */
  owner: unknown
  /** @internal The mapping whose protection changes. */
  $vma: vm_area_struct | null = null

  constructor(
    mm: mm_struct,
    event: NotifyEvent,
    start: number,
    end: number,
    flags: number = RANGE_BLOCKABLE,
    owner: unknown = null,
  ) {
    super()
    this.mm = mm
    this.event = event
    this.start = start
    this.end = end
    this.flags = flags
    this.owner = owner
  }
}

/**
 * What the subscribers of an address space look like from here: `mm.notifier_subscriptions`, null
 * until the first one comes. The subsystem of the notifiers puts it there.
 */
export interface MmSubscriptions {
  /** Before a change. 0, or -EAGAIN (only where the range is not blockable): nothing may change. */
  rangeStart(range: mmu_notifier_range): Sim<number>
  /** After a change, with the same range. */
  rangeEnd(range: mmu_notifier_range): Sim
  /** The last user has gone; no lock is held and nothing is unmapped yet. */
  release(mm: mm_struct): Sim
  /** The CPU's cached translations of a range go. Under locks: must not sleep. */
  invalidateSecondaryTlbs(mm: mm_struct, start: number, end: number): void
  /** The structure is about to be freed. */
  destroy(mm: mm_struct): void
}

/** What else is to be done at every start and end, subscribers or not: lock annotations. */
export interface NotifyAnnotations {
  start(range: mmu_notifier_range): void
  end(range: mmu_notifier_range): void
}
let annotations: NotifyAnnotations | null = null
export const annotateNotifications = (by: NotifyAnnotations): void => void (annotations = by)

/**
 * Tells that pages of a range are about to change: nothing has changed yet, and subscribers give
 * up what they derived from it. 0, or -EAGAIN from a range that is not blockable.
 */
export function* notifyStart(range: mmu_notifier_range): Sim<number> {
  if (range.flags & RANGE_BLOCKABLE) mightSleep('mmu_notifier_invalidate_range_start')
  annotations?.start(range)
  const to = range.mm.notifier_subscriptions
  return to === null ? 0 : yield* to.rangeStart(range)
}

/** Tells that the change is done. Not after a start that has failed. */
export function* notifyEnd(range: mmu_notifier_range): Sim {
  if (range.flags & RANGE_BLOCKABLE) mightSleep('mmu_notifier_invalidate_range_end')
  annotations?.end(range)
  const to = range.mm.notifier_subscriptions
  if (to !== null) yield* to.rangeEnd(range)
}

/** Brackets a change by its start and end. */
export function* notifying(range: mmu_notifier_range, change: () => Sim): Sim {
  yield* notifyStart(range)
  yield* change()
  yield* notifyEnd(range)
}

/** The CPU's cached translations go, and with them those of hardware that shares its tables. */
export function flushTlb(mm: mm_struct, start: number, end: number): void {
  mm.notifier_subscriptions?.invalidateSecondaryTlbs(mm, start, end)
}
