import type { Hidden } from '../../engine/object'
import { KernelObject } from '../../engine/object'
import type { mm_struct } from '../mm/mm-struct'
import { rcu_head } from '../rcu/tree'
import type { mmu_notifier_range } from '../mm/notify'

/** The callbacks of a subscriber to all changes of an address space. All of them are optional. */
export interface mmu_notifier_ops {
  /** The address space ends, or the subscriber leaves: no shadow of a page may be left or made. */
  release?: (subscription: mmu_notifier, mm: mm_struct) => void
  /** Before pages of the range change. 0, or -EAGAIN when it would have to sleep and must not. */
  invalidate_range_start?: (subscription: mmu_notifier, range: mmu_notifier_range) => number
  /** After they have changed. */
  invalidate_range_end?: (subscription: mmu_notifier, range: mmu_notifier_range) => void
  /** For hardware that walks the page tables of the CPU: drop what it has cached. Must not sleep. */
  arch_invalidate_secondary_tlbs?: (
    subscription: mmu_notifier, mm: mm_struct, start: number, end: number,
  ) => void
  /** Was it used? Forget it, and drop what is cached of it. */
  clear_flush_young?: (
    subscription: mmu_notifier, mm: mm_struct, start: number, end: number,
  ) => number | boolean
  /** Was it used? Forget it. */
  clear_young?: (
    subscription: mmu_notifier, mm: mm_struct, start: number, end: number,
  ) => number | boolean
  /** Was it used? */
  test_young?: (
    subscription: mmu_notifier, mm: mm_struct, address: number,
  ) => number | boolean
  /** Makes the object for `mmu_notifier_get`; an error pointer on failure. */
  alloc_notifier?: (mm: mm_struct) => mmu_notifier
  /** Frees it after the last `mmu_notifier_put`, when no callback can be in it. Must not sleep. */
  free_notifier?: (subscription: mmu_notifier) => void
}

/** One subscriber to all changes of one address space; usually embedded in the driver's object. */
export class mmu_notifier extends KernelObject {
  ops: mmu_notifier_ops | null = null
  mm: mm_struct | null = null
  rcu = new rcu_head()
  users = 0
  /** @internal It is on the list of its address space. */
  $linked = false

  constructor(init: { ops?: mmu_notifier_ops } = {}) {
    super()
    this.ops = init.ops ?? null
  }
}

/** The callbacks of a subscriber to one range of addresses. */
export interface mmu_interval_notifier_ops {
  /** Pages of the range change: false only if it would have to sleep and must not. */
  invalidate?: (
    subscription: mmu_interval_notifier, range: mmu_notifier_range, cur_seq: number,
  ) => boolean
  /** The first of two passes: begins, and may leave an object behind for the second. */
  invalidate_start?: (
    subscription: mmu_interval_notifier,
    range: mmu_notifier_range,
    cur_seq: number,
    final: { value: mmu_interval_notifier_finish | null },
  ) => boolean
  /** The second pass: waits for what the first one began. */
  invalidate_finish?: (final: mmu_interval_notifier_finish) => void
}

/** One subscriber to a range of addresses. */
export class mmu_interval_notifier extends KernelObject {
  ops: mmu_interval_notifier_ops | null = null
  mm: mm_struct | null = null
  invalidate_seq = 0
  /** @internal First and last address of the range. */
  $start = 0
  /** @internal */
  $last = 0
  /** @internal It is in the tree of its address space. */
  $linked = false
}

/** What the first pass of a two-pass subscriber hands to the second; embedded in its own object. */
export class mmu_interval_notifier_finish extends KernelObject {
  notifier: mmu_interval_notifier | null = null
}

/** Both kinds of subscribers, for checkers. */
export type AnyNotifier = (mmu_notifier | mmu_interval_notifier) & Hidden
