import { KernelObject } from '../../engine/object'
import { machine } from '../../engine/current'
import type { Sim } from '../../engine/suspend'
import { faultInjection } from '../mm/fault-injection'
import { allocate } from '../mm/slab'
import { contextAlloc, type dma_fence } from './dma-fence'
import { arrayOf, dma_fence_array, initArray } from './fence-array'
import { chainOf, containedIn, walkChain } from './fence-chain'
import { isLater, privateStub } from './fence-order'
import { getFence, isSignaled, putFence, timestampOf } from './fence-signal'

/** Whether there are other fences inside. */
export const isContainer = (fence: dma_fence): boolean =>
  arrayOf(fence) !== null || chainOf(fence) !== null

/** All of these as one fence, which takes over their references; null when memory is short. */
export function combineFences(fences: dma_fence[], context: number): dma_fence | null {
  const array = allocate(dma_fence_array, true)
  if (array) initArray(array, fences.length, fences, context, 1, isContainer)
  return array?.base ?? null
}

/** Where a walk over all that is inside a fence stands. */
export class dma_fence_unwrap extends KernelObject {
  chain: dma_fence | null = null
  array: dma_fence | null = null
  index = 0
}

/** The first fence of the point that the cursor stands at. */
function enterPoint(cursor: dma_fence_unwrap): dma_fence | null {
  cursor.index = 0
  cursor.array = cursor.chain === null ? null : containedIn(cursor.chain)
  const array = arrayOf(cursor.array)
  return array ? (array.fences[0] ?? null) : cursor.array
}

/** The fences inside the points of a chain, and inside the arrays in them, newest point first. */
export function unwrapFirst(head: dma_fence | null, cursor: dma_fence_unwrap): dma_fence | null {
  cursor.chain = getFence(head)
  return enterPoint(cursor)
}

export function* unwrapNext(cursor: dma_fence_unwrap): Sim<dma_fence | null> {
  const next = arrayOf(cursor.array)?.fences[++cursor.index]
  if (next !== undefined) return next
  if (cursor.chain !== null) cursor.chain = yield* walkChain(cursor.chain)
  return enterPoint(cursor)
}

/** Sorts by timeline and keeps the latest fence of each; answers how many are left. */
export function* dedupFences(fences: dma_fence[], count: number): Sim<number> {
  const later = (a: dma_fence, b: dma_fence): number => (a === b ? 0 : isLater(a, b) ? -1 : 1)
  const sorted = fences
    .slice(0, count)
    .sort((a, b) => (a.context === b.context ? later(a, b) : a.context - b.context))
  let left = 0
  for (const fence of sorted) {
    if (left > 0 && fences[left - 1]!.context === fence.context) yield* putFence(fence)
    else fences[left++] = fence
  }
  return left
}

/** The pending fences inside all of these, with a reference each, and when the last one was over. */
function* pendingIn(
  fences: readonly (dma_fence | null)[],
): Sim<{ pending: dma_fence[]; timestamp: number }> {
  const pending: dma_fence[] = []
  let timestamp = 0
  for (const head of fences) {
    const cursor = new dma_fence_unwrap()
    for (let at = unwrapFirst(head, cursor); at !== null; at = yield* unwrapNext(cursor))
      if (yield* isSignaled(at)) timestamp = Math.max(timestamp, yield* timestampOf(at))
      else pending.push(getFence(at))
  }
  return { pending, timestamp }
}

/** One fence for all of these; null when memory is short. */
export function* mergeFences(fences: readonly (dma_fence | null)[]): Sim<dma_fence | null> {
  const { pending, timestamp } = yield* pendingIn(fences)
  if (pending.length === 0) return yield* privateStub(timestamp)
  const refused = pending.length > 1 && faultInjection(machine()).shouldFail('kmalloc_array')
  const count = refused ? pending.length : yield* dedupFences(pending, pending.length)
  if (count === 1 && !refused) return pending[0]!
  const array = refused ? null : allocate(dma_fence_array, true)
  if (array) {
    initArray(array, count, pending.slice(0, count), contextAlloc(1), 1, () => false)
    return array.base
  }
  for (const fence of pending.slice(0, count)) yield* putFence(fence)
  return null
}
