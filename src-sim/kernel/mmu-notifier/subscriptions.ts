import { Hook } from '../../base/disposable'
import type { Machine } from '../../engine/machine'
import { KernelObject } from '../../engine/object'
import { service } from '../../engine/service'
import { rangeStartMap } from '../locking/fs-reclaim'
import type { lockdep_map } from '../locking/map'
import { initSrcu, srcu_struct } from '../rcu/srcu'
import { WaitList } from '../sched/schedule'
import type { mmu_notifier_range } from '../mm/notify'
import type { AnyNotifier, mmu_interval_notifier, mmu_notifier } from './structs'

/** Everybody who wants to know what happens to one address space. */
export class Subscriptions extends KernelObject {
  readonly $label = 'mmu notifiers'
  /** Subscribers to everything, the newest first. */
  list: readonly mmu_notifier[] = []
  /** Subscribers to ranges, by their first address; those of one address in order of arrival. */
  tree: mmu_interval_notifier[] = []
  /** Somebody subscribed to a range once: from then on changes in progress are counted. */
  hasTree = false
  /** Odd while a range that somebody subscribed to is changing. */
  seq = 2
  activeRanges = 0
  /** Inserted into or taken from the tree when the last change in progress ends; newest first. */
  deferred: mmu_interval_notifier[] = []
  readonly waiters = new WaitList()

  get invalidating(): boolean {
    return this.seq % 2 === 1
  }

  /** A changed list is a new one: whoever walks the old one goes on undisturbed, as under SRCU. */
  addFirst(subscription: mmu_notifier): void {
    this.list = [subscription, ...this.list]
    subscription.$linked = true
  }

  unlink(subscription: mmu_notifier): void {
    this.list = this.list.filter((other) => other !== subscription)
    subscription.$linked = false
  }

  insert(interval: mmu_interval_notifier): void {
    const at = this.tree.findIndex((other) => other.$start > interval.$start)
    this.tree.splice(at < 0 ? this.tree.length : at, 0, interval)
    interval.$linked = true
  }

  take(interval: mmu_interval_notifier): void {
    this.tree.splice(this.tree.indexOf(interval), 1)
    interval.$linked = false
  }

  /** The first subscriber of the range, or the next one behind another. */
  find(range: mmu_notifier_range, after: mmu_interval_notifier | null): mmu_interval_notifier | null {
    const from = after === null ? 0 : this.tree.indexOf(after) + 1
    for (let i = from; i < this.tree.length; i++) {
      const interval = this.tree[i]!
      if (interval.$start < range.end && interval.$last >= range.start) return interval
    }
    return null
  }
}

/** What all address spaces of a machine share. */
class MmuNotifiers {
  /** Readers of every list: one domain for all, so that a slow callback delays everybody. */
  readonly srcu = new srcu_struct()
  /** Held while callbacks run, for lock checkers. Reclaim announces it, too. */
  readonly map: lockdep_map
  readonly on = {
    /** Somebody subscribes or leaves. */
    linked: new Hook<[AnyNotifier, object]>(),
    unlinked: new Hook<[AnyNotifier]>(),
    /** A callback of a subscriber is about to be called. */
    callback: new Hook<[AnyNotifier, field: string]>(),
    /** A change is announced, and is over. */
    start: new Hook<[mmu_notifier_range]>(),
    end: new Hook<[mmu_notifier_range]>(),
    /** Somebody begins to look at a range, and asks whether it has changed meanwhile. */
    read: new Hook<[mmu_interval_notifier, seq: number]>(),
    retry: new Hook<[mmu_interval_notifier, seq: number, changed: boolean]>(),
    /** A callback notes which change it was told of. */
    setSeq: new Hook<[mmu_interval_notifier, seq: number]>(),
    /** Two counts of changes in progress no longer agree: the range will look busy for ever. */
    leftOpen: new Hook<[mmu_notifier_range]>(),
  }

  constructor(machine: Machine) {
    initSrcu(this.srcu, 'srcu', this.srcu)
    this.map = rangeStartMap(machine)
  }
}

export const mmuNotifiers = service((machine) => new MmuNotifiers(machine))
