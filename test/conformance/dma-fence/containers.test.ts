import { describe, expect, it } from 'vitest'
import type { Sim } from '../../../src-sim/engine/suspend'
import { msleep } from '../../../src-sim/linux/delay'
import * as f from '../../../src-sim/linux/dma-fence'
import * as a from '../../../src-sim/linux/dma-fence-array'
import * as c from '../../../src-sim/linux/dma-fence-chain'
import { kref_read } from '../../../src-sim/linux/kref'
import { rcu_read_lock, rcu_read_unlock } from '../../../src-sim/linux/rcupdate'
import { ptr } from '../../../src-sim/linux/types'
import { sim } from '../../sim/harness'
import { checked } from '../checked'
import { newFence, sayOn, waiter } from './support'

/** An array over `count` new fences; the references on them are the array's. */
function arrayOver(count: number): { array: f.dma_fence; fences: f.dma_fence[] } {
  const fences = Array.from({ length: count }, () => newFence())
  const array = a.dma_fence_array_create(count, fences, f.dma_fence_context_alloc(1), 1)!
  return { array: array.base, fences }
}

/** A point of a chain, with references of its own on both. */
function link(prev: f.dma_fence | null, fence: f.dma_fence, seqno: number): f.dma_fence {
  const chain = c.dma_fence_chain_alloc()!
  c.dma_fence_chain_init(chain, prev && f.dma_fence_get(prev), f.dma_fence_get(fence), seqno)
  return chain.base
}

function* putAll(fences: f.dma_fence[]): Sim {
  for (const fence of fences) yield* sim(f.dma_fence_put(fence))
}

describe('an array', () => {
  it('FENCE-16 is signaled when all of its fences are, a moment later', () => {
    const { log, kinds } = checked(function* (say) {
      const { array, fences } = arrayOver(2)
      yield* sayOn(array, 'array', say)
      yield* sim(f.dma_fence_signal(fences[1]!))
      yield* sim(msleep(10))
      say(yield* sim(f.dma_fence_is_signaled(array)))
      yield* sim(f.dma_fence_signal(fences[0]!))
      say('both')
      yield* sim(msleep(10))
      say(yield* sim(f.dma_fence_get_status(array)))
      yield* sim(f.dma_fence_put(array))
    })
    expect(log).toEqual(['false', 'both', 'array true', '1'])
    expect(kinds).toEqual([])
  })

  it('FENCE-16 has its own reference on each fence and drops them all', () => {
    const { log } = checked(function* (say) {
      const { array, fences } = arrayOver(2)
      for (const fence of fences) f.dma_fence_get(fence)
      say(fences.map((fence) => kref_read(fence.refcount)))
      yield* sim(f.dma_fence_put(array))
      say(fences.map((fence) => kref_read(fence.refcount)))
      yield* putAll(fences)
    })
    expect(log).toEqual(['2,2', '1,1'])
  })

  it('FENCE-16 asks its fences as long as it is not enabled', () => {
    const { log } = checked(function* (say) {
      const { array, fences } = arrayOver(2)
      say(yield* sim(f.dma_fence_is_signaled(array)))
      for (const fence of fences) yield* sim(f.dma_fence_signal(fence))
      say(f.dma_fence_test_signaled_flag(array), yield* sim(f.dma_fence_is_signaled(array)))
      yield* sim(f.dma_fence_put(array))
    })
    expect(log).toEqual(['false', 'false true'])
  })

  it('FENCE-16 is signaled at once when it is enabled over signaled fences', () => {
    const { log } = checked(function* (say) {
      const { array, fences } = arrayOver(2)
      for (const fence of fences) yield* sim(f.dma_fence_signal(fence))
      say(yield* sim(f.dma_fence_add_callback(array, new waiter().cb, () => say('called'))))
      yield* sim(f.dma_fence_put(array))
    })
    expect(log).toEqual(['-2'])
  })

  it('FENCE-16 has the error of the first fence that failed, if it was enabled', () => {
    const { log } = checked(function* (say) {
      for (const enabled of [true, false]) {
        const { array, fences } = arrayOver(3)
        if (enabled) yield* sim(f.dma_fence_enable_sw_signaling(array))
        for (const [i, error] of [[1, -5], [0, -110], [2, 0]] as const) {
          if (error) f.dma_fence_set_error(fences[i]!, error)
          yield* sim(f.dma_fence_signal(fences[i]!))
        }
        yield* sim(msleep(10))
        say(yield* sim(f.dma_fence_get_status(array)))
        yield* sim(f.dma_fence_put(array))
      }
    })
    expect(log).toEqual(['-5', '1'])
  })

  it('FENCE-16 warns of no fences, and of containers among them', () => {
    const { kinds, log } = checked(function* (say) {
      const inner = arrayOver(1)
      a.dma_fence_array_create(0, null, 1, 1)
      const outer = a.dma_fence_array_create(1, [inner.array], 1, 2)!
      say(a.dma_fence_is_array(outer.base), a.dma_fence_is_container(newFence()))
      yield* []
    })
    expect(kinds).toEqual(['warn.fence-array', 'warn.fence-array'])
    expect(log).toEqual(['true false'])
  })

  it('FENCE-16 is called dma_fence_array and unbound; its fences can be walked', () => {
    const { log } = checked(function* (say) {
      const { array, fences } = arrayOver(2)
      rcu_read_lock()
      say(
        yield* sim(f.dma_fence_driver_name(array)),
        yield* sim(f.dma_fence_timeline_name(array)),
      )
      rcu_read_unlock()
      const walked = [...a.dma_fence_array_for_each(array)]
      say(walked.every((fence, i) => fence === fences[i]))
      say(a.dma_fence_array_first(array) === fences[0], a.dma_fence_array_next(array, 1) === fences[1])
      say([...a.dma_fence_array_for_each(fences[0]!)].length)
      say(a.dma_fence_match_context(array, fences[0]!.context))
      yield* sim(f.dma_fence_put(array))
    })
    expect(log).toEqual(['dma_fence_array unbound', 'true', 'true true', '1', 'false'])
  })
})

describe('a chain', () => {
  it('FENCE-17 begins a new context without a predecessor or with an old number', () => {
    const { log } = checked(function* (say) {
      const x = newFence()
      const first = link(null, x, 5)
      const next = link(first, x, 7)
      const old = link(next, x, 3)
      say(next.context === first.context, c.to_dma_fence_chain(next)!.prev_seqno)
      say(old.context === next.context, old.seqno, c.to_dma_fence_chain(old)!.prev_seqno)
      yield* putAll([old, next, first])
      say(kref_read(x.refcount))
      yield* sim(f.dma_fence_put(x))
    })
    expect(log).toEqual(['true 5', 'false 7 0', '1'])
  })

  it('FENCE-17 is signaled when it and all before it are, whatever the order', () => {
    const { log, kinds } = checked(function* (say) {
      const [x, y] = [newFence(), newFence()]
      const head = link(link(null, x, 1), y, 2)
      yield* sayOn(head, 'head', say)
      yield* sim(f.dma_fence_signal(y))
      yield* sim(msleep(10))
      say(yield* sim(f.dma_fence_is_signaled(head)))
      yield* sim(f.dma_fence_signal(x))
      yield* sim(msleep(10))
      say(yield* sim(f.dma_fence_is_signaled(head)))
      yield* putAll([x, y, head])
    })
    expect(log).toEqual(['false', 'head true', 'true'])
    expect(kinds).toEqual([])
  })

  it('FENCE-17 find_seqno: 0 leaves the head, too far is -EINVAL, a gap takes the next point', () => {
    const { log } = checked(function* (say) {
      const x = newFence()
      const low = link(null, x, 10)
      const head = link(low, x, 20)
      const slot = ptr<f.dma_fence | null>(f.dma_fence_get(head))
      say(yield* sim(c.dma_fence_chain_find_seqno(slot, 0)), slot.value === head)
      say(yield* sim(c.dma_fence_chain_find_seqno(slot, 21)), slot.value === head)
      say(yield* sim(c.dma_fence_chain_find_seqno(slot, 11)), slot.value === head)
      say(yield* sim(c.dma_fence_chain_find_seqno(slot, 9)), slot.value === low)
      const none = ptr<f.dma_fence | null>(x)
      say(yield* sim(c.dma_fence_chain_find_seqno(none, 1)))
      yield* sim(f.dma_fence_put(slot.value))
      yield* sim(f.dma_fence_signal(x))
      slot.value = f.dma_fence_get(head)
      say(yield* sim(c.dma_fence_chain_find_seqno(slot, 10)), slot.value === null)
      yield* putAll([low, head, x])
    })
    expect(log).toEqual(['0 true', '-22 true', '0 true', '0 true', '-22', '0 true'])
  })

  it('FENCE-17 points that are signaled drop out as it is walked', () => {
    const { log } = checked(function* (say) {
      const [x, y, z] = [newFence(), newFence(), newFence()]
      const low = link(null, x, 1)
      const middle = link(low, y, 2)
      const head = link(middle, z, 3)
      yield* sim(f.dma_fence_signal(y))
      const walked = yield* sim(c.dma_fence_chain_walk(f.dma_fence_get(head)))
      say(walked === low, c.to_dma_fence_chain(head)!.prev === low)
      yield* sim(f.dma_fence_put(walked))
      say(kref_read(middle.refcount))
      yield* putAll([low, middle, head, x, y, z])
    })
    expect(log).toEqual(['true true', '1'])
  })

  it('FENCE-17 warns of a chain in a chain; a long one ends one by one', () => {
    const { kinds, log } = checked(function* (say) {
      const x = newFence()
      let head = link(null, x, 1)
      for (let i = 2; i <= 300; i++) {
        const next = link(head, x, i)
        yield* sim(f.dma_fence_put(head))
        head = next
      }
      yield* sim(f.dma_fence_put(head))
      say(kref_read(x.refcount))
      link(null, link(null, x, 1), 1)
    })
    expect(log).toEqual(['1'])
    expect(kinds).toEqual(['warn.fence-chain'])
  })
})
