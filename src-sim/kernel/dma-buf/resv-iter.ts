import { machine } from '../../engine/current'
import { KernelObject } from '../../engine/object'
import type { Sim } from '../../engine/suspend'
import { ENOMEM } from '../errno'
import { faultInjection } from '../mm/fault-injection'
import { slab } from '../mm/slab'
import { asReader, contextAlloc, setDeadline, type dma_fence } from './dma-fence'
import { getFence, getFenceRcu, isSignaled, putFence } from './fence-signal'
import { waitTimeout } from './fence-wait'
import {
  assertResvHeld,
  listOf,
  USAGE_BOOKKEEP,
  type dma_resv,
  dma_resv_list,
} from './resv'

/** A walk over the fences of a reservation object. */
export class dma_resv_iter extends KernelObject {
  obj: dma_resv | null = null
  usage = 0
  fence: dma_fence | null = null
  fence_usage = 0
  index = 0
  num_fences = 0
  is_restarted = false
  /** @internal The table that is walked. */
  $list: dma_resv_list | null = null
}

export function beginIter(iter: dma_resv_iter, resv: dma_resv, usage: number): void {
  iter.obj = resv
  iter.usage = usage
  iter.fence = null
}

/** Under the lock: stable, and with the signaled fences. No references are taken (RESV-06). */
export function firstLocked(iter: dma_resv_iter): dma_fence | null {
  iter.index = 0
  iter.$list = listOf(iter.obj!)
  const fence = nextLocked(iter)
  iter.is_restarted = true
  return fence
}

export function nextLocked(iter: dma_resv_iter): dma_fence | null {
  assertResvHeld(iter.obj!, ' at dma_resv_iter_next')
  iter.is_restarted = false
  for (const slots = iter.$list?.slots ?? []; iter.index < slots.length; ) {
    const { fence, usage } = slots[iter.index++]!
    iter.fence_usage = usage
    if (usage <= iter.usage) return fence
  }
  return null
}

function restart(iter: dma_resv_iter): void {
  iter.index = 0
  iter.$list = listOf(iter.obj!)
  iter.num_fences = iter.$list?.slots.length ?? 0
  iter.is_restarted = true
}

/** To the next pending fence, with a reference on it; the one before is let go. */
function* step(iter: dma_resv_iter): Sim {
  for (;;) {
    yield* putFence(iter.fence)
    iter.fence = null
    const slot = iter.$list?.slots[iter.index]
    if (slot === undefined || iter.index >= iter.num_fences) return
    iter.index++
    iter.fence_usage = slot.usage
    iter.fence = getFenceRcu(slot.fence)
    if (iter.fence === null) restart(iter)
    else if (!(yield* isSignaled(iter.fence)) && slot.usage <= iter.usage) return
  }
}

function* settle(iter: dma_resv_iter, anew: boolean): Sim<dma_fence | null> {
  return yield* asReader(function* () {
    let again = anew
    do {
      if (again) restart(iter)
      yield* step(iter)
      again = true
    } while (listOf(iter.obj!) !== iter.$list)
    return iter.fence
  })
}

/** Without the lock: pending fences only. The walk begins anew when the table changes. */
export const firstUnlocked = (iter: dma_resv_iter): Sim<dma_fence | null> => settle(iter, true)

export function* nextUnlocked(iter: dma_resv_iter): Sim<dma_fence | null> {
  iter.is_restarted = false
  const changed = yield* asReader(function* () {
    return listOf(iter.obj!) !== iter.$list
  })
  return yield* settle(iter, changed)
}

/** Lets go of the fence that the walk stands at. */
export function* endIter(iter: dma_resv_iter): Sim {
  yield* putFence(iter.fence)
  iter.fence = null
}

/** Calls `each` for every pending fence until that answers something. */
function* walk<T>(
  resv: dma_resv,
  usage: number,
  each: (fence: dma_fence, iter: dma_resv_iter) => Sim<T | undefined>,
): Sim<T | undefined> {
  const iter = new dma_resv_iter()
  beginIter(iter, resv, usage)
  let answer: T | undefined
  for (let at = yield* firstUnlocked(iter); at !== null; at = yield* nextUnlocked(iter)) {
    answer = yield* each(at, iter)
    if (answer !== undefined) break
  }
  yield* endIter(iter)
  return answer
}

/** What is left of the timeout for all of them (at least 1), 0, or -ERESTARTSYS (RESV-07). */
export function* waitResv(
  resv: dma_resv,
  usage: number,
  intr: boolean,
  timeout: number,
): Sim<number> {
  let left = timeout
  const failed = yield* walk(resv, usage, function* (fence) {
    const ret = yield* waitTimeout(fence, intr, left)
    if (ret <= 0) return ret
    if (left) left = ret
    return undefined
  })
  return failed ?? (left || 1)
}

/** Whether nothing of this usage is pending. */
export function* testSignaled(resv: dma_resv, usage: number): Sim<boolean> {
  const pending = yield* walk(resv, usage, function* () {
    return true
  })
  return pending === undefined
}

export function* deadlineResv(resv: dma_resv, usage: number, deadline: number): Sim {
  yield* walk(resv, usage, function* (fence): Sim<undefined> {
    yield* setDeadline(fence, deadline)
    return undefined
  })
}

/** The pending fences with a reference each. 0 or -ENOMEM. */
function* snapshot(resv: dma_resv, usage: number, into: dma_fence[]): Sim<number> {
  const failed = yield* walk(resv, usage, function* (fence, iter) {
    if (iter.is_restarted) {
      while (into.length > 0) yield* putFence(into.pop()!)
      if (faultInjection(machine()).shouldFail('krealloc_array')) return -ENOMEM
    }
    into.push(getFence(fence))
    return undefined
  })
  return failed ?? 0
}

/** The same as an array that the caller frees; null when there is none. */
export function* getFences(
  resv: dma_resv,
  usage: number,
  count: { value: number },
  fences: { value: dma_fence[] | null },
): Sim<number> {
  const found: dma_fence[] = []
  const ret = yield* snapshot(resv, usage, found)
  count.value = found.length
  fences.value = null
  if (found.length > 0) {
    const array: dma_fence[] = []
    slab(machine()).alloc(array, (found.length + 1) * 8)
    array.push(...found)
    fences.value = array
  }
  return ret
}

/** Nothing, the one fence, or all of them in an array made by `combine`. 0 or -ENOMEM. */
export function* getSingleton(
  resv: dma_resv,
  usage: number,
  fence: { value: dma_fence | null },
  combine: (fences: dma_fence[], context: number) => dma_fence | null,
): Sim<number> {
  const found: dma_fence[] = []
  const ret = yield* snapshot(resv, usage, found)
  fence.value = null
  if (ret || found.length === 0) return ret
  fence.value = found.length === 1 ? found[0]! : combine(found, contextAlloc(1))
  if (fence.value !== null) return 0
  for (const one of found) yield* putFence(one)
  return -ENOMEM
}

/** The pending fences of `src` take the place of all in `dst`, whose lock is held. 0 or -ENOMEM. */
export function* copyFences(dst: dma_resv, src: dma_resv): Sim<number> {
  assertResvHeld(dst, ' at dma_resv_copy_fences')
  let list: dma_resv_list | null = null
  const drop = function* (of: dma_resv_list | null): Sim {
    for (const { fence } of of?.slots ?? []) yield* putFence(fence)
  }
  const failed = yield* walk(src, USAGE_BOOKKEEP, function* (fence, iter) {
    if (iter.is_restarted) {
      yield* drop(list)
      if (faultInjection(machine()).shouldFail('dma_resv_list_alloc')) return -ENOMEM
      list = new dma_resv_list(Math.max(1, iter.num_fences))
    }
    list!.slots.push({ fence: getFence(fence), usage: iter.fence_usage })
    return undefined
  })
  if (failed !== undefined) return failed
  const old = dst.$list
  dst.$list = list
  yield* drop(old)
  return 0
}
