import { machine } from '../../engine/current'
import { point, type Sim } from '../../engine/suspend'
import * as ev from '../../trace/events'
import { emit } from '../emit'
import { EINVAL, EOVERFLOW } from '../errno'
import { heldChecker } from '../locking/assert'
import { load } from '../locking/atomic'
import { locking } from '../locking/locking'
import { mmDrop, mmGrab, type mm_struct } from '../mm/mm-struct'
import { ADDRESS_MAX } from '../mm/notify'
import { memoryAccess } from '../mm/watch'
import { warn } from '../printk/warn'
import { mightSleep } from '../sched/schedule'
import { announceWaiting, subscriptionsOf } from './mm-notifiers'
import { register, registerLocked } from './register'
import type { mmu_interval_notifier, mmu_interval_notifier_ops } from './structs'
import { mmuNotifiers, type Subscriptions } from './subscriptions'

const FILE = 'mm/mmu_notifier.c'

interface Range {
  start: number
  length: number
  ops: mmu_interval_notifier_ops
}

const INSERTS = { $name: 'mmu_interval_notifier_insert' }

/** Puts a subscriber into the tree, or behind the change in progress. */
function insertInto(
  all: Subscriptions, interval: mmu_interval_notifier, mm: mm_struct, range: Range,
): number {
  const m = machine()
  const inside = '__mmu_interval_notifier_insert'
  const { start, length, ops } = range
  interval.mm = mm
  interval.ops = ops
  interval.$linked = false
  interval.$start = start
  if (ops.invalidate_start && !ops.invalidate_finish)
    warn(m, 'mmu-notifier-two-pass', `${FILE} at ${inside}`, null, { rules: ['MMUN-16'] })
  interval.$last = start + length - 1
  if (length === 0 || start + length > ADDRESS_MAX) return -EOVERFLOW
  if (load(mm.mm_users) <= 0) {
    warn(m, 'mmu-notifier-no-users', `${FILE} at ${inside}`, null, {
      once: false,
      rules: ['MMUN-16'],
    })
    return -EINVAL
  }
  mmGrab(mm)
  if (all.activeRanges > 0) {
    if (all.invalidating) all.deferred.unshift(interval)
    else {
      all.seq++
      all.insert(interval)
    }
    interval.invalidate_seq = all.seq
  } else {
    interval.invalidate_seq = all.seq - 1
    all.insert(interval)
  }
  emit(ev.mmu_interval_notifier_insert, interval, mm, start, length)
  mmuNotifiers(m).on.linked.emit(interval, mm)
  return 0
}

export function* insert(
  interval: mmu_interval_notifier, mm: mm_struct, range: Range,
): Sim<number> {
  // The lock is only taken for the first one, but might be each time.
  announceLock(mm)
  if (!subscriptionsOf(mm)?.hasTree) {
    const ret = yield* register(null, mm)
    if (ret) return ret
  }
  yield point(INSERTS, interval)
  return insertInto(subscriptionsOf(mm)!, interval, mm, range)
}

/** As `might_lock(&mm->mmap_lock)`. */
function announceLock(mm: mm_struct): void {
  const m = machine()
  const { acquire, release } = locking(m).on
  const { dep_map } = mm.mmap_lock
  if (!acquire.listened || dep_map === null) return
  acquire.emit(dep_map, 0, false, 0, null, dep_map)
  release.emit(dep_map, dep_map)
}

/** The same for one who holds the lock of the mappings for writing. */
export function insertLocked(
  interval: mmu_interval_notifier, mm: mm_struct, range: Range,
): number {
  heldChecker(machine()).assert(mm.mmap_lock.dep_map, 'exclusive')
  if (!subscriptionsOf(mm)?.hasTree) {
    const ret = registerLocked(null, mm)
    if (ret) return ret
  }
  return insertInto(subscriptionsOf(mm)!, interval, mm, range)
}

/** Takes a subscriber out, and waits for the changes in progress that it may have been told of. */
export function* remove(interval: mmu_interval_notifier): Sim {
  const m = machine()
  const inside = 'mmu_interval_notifier_remove'
  mightSleep(inside)
  memoryAccess(m).touch(interval, 'mm', false, inside)
  const mm = interval.mm!
  const all = subscriptionsOf(mm)!
  let until = 0
  if (all.invalidating) {
    const waiting = all.deferred.indexOf(interval)
    if (!interval.$linked && waiting >= 0) all.deferred.splice(waiting, 1)
    else {
      all.deferred.unshift(interval)
      until = all.seq
    }
  } else if (interval.$linked) all.take(interval)
  else {
    warn(m, 'mmu-notifier-remove', `${FILE} at ${inside}`, null, {
      once: false,
      objects: [interval],
      rules: ['MMUN-16'],
    })
    return
  }
  announceWaiting()
  if (until) yield* all.waiters.waitUntil(() => all.seq !== until, interval, inside)
  emit(ev.mmu_interval_notifier_remove, interval, mm)
  mmuNotifiers(m).on.unlinked.emit(interval)
  mmDrop(mm)
}

/** Begins to look at the pages of the range: waits until no change of it is in progress. */
export function* readBegin(interval: mmu_interval_notifier): Sim<number> {
  const inside = 'mmu_interval_read_begin'
  memoryAccess(machine()).touch(interval, 'mm', false, inside)
  const all = subscriptionsOf(interval.mm!)!
  const seq = interval.invalidate_seq
  const busy = seq === all.seq
  announceWaiting()
  if (busy) yield* all.waiters.waitUntil(() => all.seq !== seq, interval, inside)
  emit(ev.mmu_interval_read_begin, interval, seq)
  mmuNotifiers(machine()).on.read.emit(interval, seq)
  return seq
}

/** Whether the range changed since `readBegin`; asked under the lock that `invalidate` takes. */
export function readRetry(interval: mmu_interval_notifier, seq: number): boolean {
  const m = machine()
  memoryAccess(m).touch(interval, 'invalidate_seq', false, 'mmu_interval_read_retry')
  const retry = interval.invalidate_seq !== seq
  emit(ev.mmu_interval_read_retry, interval, seq, retry)
  mmuNotifiers(m).on.retry.emit(interval, seq, retry)
  return retry
}

/** Notes in the subscriber which change it has been told of. */
export function setSeq(interval: mmu_interval_notifier, seq: number): void {
  memoryAccess(machine()).touch(interval, 'invalidate_seq', true, 'mmu_interval_set_seq')
  interval.invalidate_seq = seq
  mmuNotifiers(machine()).on.setSeq.emit(interval, seq)
}
