import { machine } from '../../engine/current'
import type { Sim } from '../../engine/suspend'
import { EAGAIN } from '../errno'
import { RANGE_BLOCKABLE, type mmu_notifier_range } from '../mm/notify'
import { kernelLog } from '../printk/log'
import { symbolOf } from '../printk/symbols'
import { warn } from '../printk/warn'
import { mapAcquire, mapRelease } from '../rcu/maps'
import { srcuReadLock, srcuReadUnlock } from '../rcu/srcu'
import { nonBlockEnd, nonBlockStart } from '../sched/policy'
import { mmuNotifiers, type Subscriptions } from './subscriptions'
import type {
  mmu_interval_notifier, mmu_interval_notifier_finish, mmu_interval_notifier_ops, mmu_notifier,
} from './structs'
import { callBack, eachListed, walkList } from './walk'

const START = '__mmu_notifier_invalidate_range_start'
const END = '__mmu_notifier_invalidate_range_end'
const INFO = 6

export const rangeBlockable = (range: mmu_notifier_range): boolean =>
  (range.flags & RANGE_BLOCKABLE) !== 0

const complain = (what: string, inside: string, rule: string): void =>
  warn(machine(), what, `mm/mmu_notifier.c at ${inside}`, null, { once: false, rules: [rule] })

/** One more change in progress; the first subscriber that it concerns makes the sequence odd. */
export function beginTree(
  all: Subscriptions, range: mmu_notifier_range,
): { first: mmu_interval_notifier | null; seq: number } {
  all.activeRanges++
  const first = all.find(range, null)
  if (first !== null && !all.invalidating) all.seq++
  return { first, seq: all.seq }
}

/** One change less; with the last one the tree takes what was put off, and waiters go on. */
export function endTree(all: Subscriptions): void {
  if (--all.activeRanges > 0 || !all.invalidating) return
  all.seq++
  for (const interval of all.deferred.splice(0)) {
    if (interval.$linked) all.take(interval)
    else all.insert(interval)
  }
  all.waiters.wakeAll()
}

type Finish = mmu_interval_notifier_finish

/** Calls one subscriber of a range: the only pass, or the first of two. */
export function* invalidateOne(
  interval: mmu_interval_notifier,
  range: mmu_notifier_range,
  seq: number,
  later: Finish[],
  inside: string,
): Sim<boolean> {
  const ops = interval.ops as mmu_interval_notifier_ops
  const { invalidate_start: start } = ops
  if (!start)
    return Boolean(
      yield* callBack(interval, 'invalidate', inside, () =>
        ops.invalidate!(interval, range, seq)),
    )
  const final: { value: Finish | null } = { value: null }
  const done = Boolean(
    yield* callBack(interval, 'invalidate_start', inside, () =>
      start(interval, range, seq, final)),
  )
  if (done && final.value !== null) {
    final.value.notifier = interval
    later.push(final.value)
  }
  return done
}

/** The second pass, in the order of the first. */
export function* finishAll(later: readonly Finish[], inside: string): Sim {
  for (const final of later) {
    const interval = final.notifier!
    yield* callBack(interval, 'invalidate_finish', inside, () =>
      interval.ops!.invalidate_finish!(final))
  }
}

/** Tells the subscribers of ranges. 0, or -EAGAIN when one would have to wait and must not. */
function* invalidateTree(all: Subscriptions, range: mmu_notifier_range): Sim<number> {
  const later: Finish[] = []
  const begun = beginTree(all, range)
  let ret = 0
  for (let interval = begun.first; interval; interval = all.find(range, interval)) {
    if (yield* invalidateOne(interval, range, begun.seq, later, START)) continue
    if (rangeBlockable(range)) {
      complain('mmu-notifier-refused', START, 'MMUN-05')
      continue
    }
    ret = -EAGAIN
    break
  }
  yield* finishAll(later, START)
  if (ret) endTree(all)
  return ret
}

/** Calls `f` where it must not sleep when the range is not blockable. */
function* guarded<T>(
  subscription: mmu_notifier, range: mmu_notifier_range, field: string, inside: string, f: () => T,
): Sim<T> {
  const blockable = rangeBlockable(range)
  if (!blockable) nonBlockStart()
  const result = yield* callBack(subscription, field, inside, f)
  if (!blockable) nonBlockEnd()
  return result
}

/** What Linux says of a callback that did not do its work. */
function failed(subscription: mmu_notifier, range: mmu_notifier_range, ret: number): void {
  const m = machine()
  const blockable = rangeBlockable(range)
  const { invalidate_range_start: start, invalidate_range_end: end } = subscription.ops!
  const name = symbolOf(m, start, true)
  const context = blockable ? '' : 'non-'
  kernelLog(m).print(INFO, `${name} callback failed with ${ret} in ${context}blockable context.\n`)
  if (blockable || ret !== -EAGAIN) complain('mmu-notifier-failed', START, 'MMUN-05')
  if (end) complain('mmu-notifier-failed-with-end', START, 'MMUN-06')
}

function* invalidateList(all: Subscriptions, range: mmu_notifier_range): Sim<number> {
  const { srcu } = mmuNotifiers(machine())
  let ret = 0
  const index = srcuReadLock(srcu, 'normal')
  yield* walkList(all, function* (subscription) {
    const start = subscription.ops!.invalidate_range_start
    if (!start) return
    const one = Number(
      yield* guarded(subscription, range, 'invalidate_range_start', START, () =>
        start(subscription, range)),
    )
    if (!one) return
    failed(subscription, range, one)
    ret = one
  })
  if (ret)
    yield* walkList(all, function* (subscription) {
      const end = subscription.ops!.invalidate_range_end
      if (end)
        yield* callBack(subscription, 'invalidate_range_end', START, () =>
          end(subscription, range))
    })
  srcuReadUnlock(srcu, index)
  return ret
}

/** Before the change: the ranges first, then the list. */
export function* invalidateStart(all: Subscriptions, range: mmu_notifier_range): Sim<number> {
  const { map, on } = mmuNotifiers(machine())
  on.start.emit(range)
  mapAcquire(map, 0)
  const ret = yield* tellAll(all, range)
  mapRelease(map)
  return ret
}

function* tellAll(all: Subscriptions, range: mmu_notifier_range): Sim<number> {
  if (all.hasTree) {
    const ret = yield* invalidateTree(all, range)
    if (ret) return ret
  }
  if (all.list.length === 0) return 0
  const ret = yield* invalidateList(all, range)
  // Linux forgets the ranges here: they look busy until the machine is restarted.
  if (ret && all.hasTree) mmuNotifiers(machine()).on.leftOpen.emit(range)
  return ret
}

/** After the change, in the same order. */
export function* invalidateEnd(all: Subscriptions, range: mmu_notifier_range): Sim {
  const { map, on } = mmuNotifiers(machine())
  mapAcquire(map, 0)
  if (all.hasTree) endTree(all)
  if (all.list.length > 0)
    yield* eachListed(all, function* (subscription) {
      const end = subscription.ops!.invalidate_range_end
      if (end)
        yield* guarded(subscription, range, 'invalidate_range_end', END, () =>
          end(subscription, range))
    })
  mapRelease(map)
  on.end.emit(range)
}
