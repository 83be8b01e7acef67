import { expect, it } from 'vitest'
import type { Sim } from '../../../src-sim/engine/suspend'
import * as f from '../../../src-sim/linux/dma-fence'
import * as a from '../../../src-sim/linux/dma-fence-array'
import * as c from '../../../src-sim/linux/dma-fence-chain'
import * as u from '../../../src-sim/linux/dma-fence-unwrap'
import { kref_read } from '../../../src-sim/linux/kref'
import { sim } from '../../sim/harness'
import { checked } from '../checked'
import { NAMES, newFence } from './support'

const arrayOf = (...fences: f.dma_fence[]): f.dma_fence =>
  a.dma_fence_array_create(fences.length, fences, f.dma_fence_context_alloc(1), 1)!.base

function chainOf(prev: f.dma_fence | null, fence: f.dma_fence, seqno: number): f.dma_fence {
  const chain = c.dma_fence_chain_alloc()!
  c.dma_fence_chain_init(chain, prev, fence, seqno)
  return chain.base
}

function* leaves(head: f.dma_fence | null): Sim<f.dma_fence[]> {
  const cursor = new u.dma_fence_unwrap()
  const found: f.dma_fence[] = []
  let at = u.dma_fence_unwrap_first(head, cursor)
  for (; at; at = yield* sim(u.dma_fence_unwrap_next(cursor))) found.push(at)
  return found
}

it('test_unwrap_chain_array: the leaves of arrays in a chain, newest point first', () => {
  const { log } = checked(function* (say) {
    const [x, y, z] = [newFence(), newFence(), newFence()]
    const names = new Map([[x, 'x'], [y, 'y'], [z, 'z']])
    const head = chainOf(chainOf(null, arrayOf(x, y), 1), z, 2)
    const names2 = (list: f.dma_fence[]): string => list.map((one) => names.get(one)).join('')
    say(names2(yield* leaves(head)), names2(yield* leaves(x)), (yield* leaves(null)).length)
    say(kref_read(head.refcount))
  })
  expect(log).toEqual(['zxy x 0', '1'])
})

it('test_unwrap_merge: an array of what is pending, the one, or a stub of the last time', () => {
  const { log } = checked(function* (say) {
    const [x, y] = [newFence(), newFence()]
    const both = (yield* sim(u.dma_fence_unwrap_merge(x, y, null)))!
    say(a.dma_fence_is_array(both), [...a.dma_fence_array_for_each(both)].length)
    say(kref_read(x.refcount))
    yield* sim(f.dma_fence_put(both))
    yield* sim(f.dma_fence_signal_timestamp(x, 5))
    say((yield* sim(u.dma_fence_unwrap_merge(x, y))) === y, kref_read(y.refcount))
    yield* sim(f.dma_fence_signal_timestamp(y, 9))
    const none = (yield* sim(u.dma_fence_unwrap_merge(x, y)))!
    say(none === y, yield* sim(f.dma_fence_timestamp(none)))
  })
  expect(log).toEqual(['true 2', '2', 'true 2', 'false 9'])
})

it('test_unwrap_merge_duplicate, test_unwrap_merge_seqno: the latest of each timeline is kept', () => {
  const { log } = checked(function* (say) {
    const make = (context: number, seqno: number): f.dma_fence =>
      newFence(NAMES, null, context, seqno)
    const [a1, a2, b1] = [make(50, 1), make(50, 2), make(40, 1)]
    say((yield* sim(u.dma_fence_unwrap_merge(a1, a1))) === a1, kref_read(a1.refcount))
    const merged = (yield* sim(u.dma_fence_unwrap_merge(a1, a2, b1)))!
    const kept = [...a.dma_fence_array_for_each(merged)]
    say(kept.length, kept[0] === b1, kept[1] === a2, kref_read(a1.refcount))
  })
  expect(log).toEqual(['true 2', '2 true true 2'])
})

it('test_unwrap_merge_order: the fences of an array stand in the order of their contexts', () => {
  const { log } = checked(function* (say) {
    const [high, low] = [newFence(NAMES, null, 60, 1), newFence(NAMES, null, 30, 1)]
    for (const pair of [[high, low], [low, high]] as const) {
      const merged = (yield* sim(u.dma_fence_unwrap_merge(...pair)))!
      say([...a.dma_fence_array_for_each(merged)].map((fence) => fence.context))
    }
  })
  expect(log).toEqual(['30,60', '30,60'])
})
