import { describe, expect, it } from 'vitest'
import type { Sim } from '../../../src-sim/engine/suspend'
import { msleep } from '../../../src-sim/linux/delay'
import * as f from '../../../src-sim/linux/dma-fence'
import { dma_fence_is_array } from '../../../src-sim/linux/dma-fence-array'
import * as r from '../../../src-sim/linux/dma-resv'
import { kref_read } from '../../../src-sim/linux/kref'
import * as kt from '../../../src-sim/linux/kthread'
import { kfree } from '../../../src-sim/linux/slab'
import { ptr } from '../../../src-sim/linux/types'
import { sim } from '../../sim/harness'
import { checked } from '../checked'
import { gen, jobOf, NAMES, newFence } from './support'

const { DMA_RESV_USAGE_KERNEL: KERNEL, DMA_RESV_USAGE_WRITE: WRITE } = r
const { DMA_RESV_USAGE_READ: READ, DMA_RESV_USAGE_BOOKKEEP: BOOKKEEP } = r

/** A locked reservation object with room for `count` fences. */
function* locked(count = 4): Sim<r.dma_resv> {
  const resv = new r.dma_resv()
  r.dma_resv_init(resv)
  yield* sim(r.dma_resv_lock(resv, null))
  yield* sim(r.dma_resv_reserve_fences(resv, count))
  return resv
}

function* add(resv: r.dma_resv, fence: f.dma_fence, usage: number): Sim {
  yield* sim(r.dma_resv_add_fence(resv, fence, usage))
}

/** Names and usages in the order of the table, with the lock held. */
function contents(resv: r.dma_resv, names: Map<f.dma_fence, string>): string {
  const iter = new r.dma_resv_iter()
  const found: string[] = []
  r.dma_resv_iter_begin(iter, resv, BOOKKEEP)
  for (let at = r.dma_resv_iter_first(iter); at; at = r.dma_resv_iter_next(iter))
    found.push(`${names.get(at)}:${r.dma_resv_iter_usage(iter)}`)
  return found.join(' ')
}

it('RESV-02 a new write waits for readers, a new read for writers', () => {
  expect([r.dma_resv_usage_rw(true), r.dma_resv_usage_rw(false)]).toEqual([READ, WRITE])
})

it('RESV-03 reserving: nothing is -EINVAL, the first table has the room of its size class', () => {
  const { log, kinds } = checked(function* (say) {
    const resv = new r.dma_resv()
    r.dma_resv_init(resv)
    yield* sim(r.dma_resv_lock(resv, null))
    say(yield* sim(r.dma_resv_reserve_fences(resv, 0)))
    say(yield* sim(r.dma_resv_reserve_fences(resv, 1)), resv.$list!.max_fences)
    const { $list } = resv
    say(yield* sim(r.dma_resv_reserve_fences(resv, 5)), resv.$list === $list)
    say(yield* sim(r.dma_resv_reserve_fences(resv, 6)), resv.$list!.max_fences >= 10)
    r.dma_resv_unlock(resv)
    say(resv.$list!.max_fences)
  })
  expect(log).toEqual(['-22', '0 5', '0 true', '0 true', '0'])
  expect(kinds).toEqual(['warn.resv-empty'])
})

it('RESV-03 a reservation dies with the unlock: adding then is a BUG', () => {
  const { kinds } = checked(function* () {
    const resv = yield* locked()
    const [a, b] = [newFence(), newFence()]
    yield* add(resv, a, READ)
    r.dma_resv_unlock(resv)
    yield* sim(r.dma_resv_lock(resv, null))
    yield* add(resv, b, READ)
  })
  expect(kinds).toEqual(['oops.bug'])
})

it('RESV-03 growing sheds signaled fences', () => {
  const { log } = checked(function* (say) {
    const resv = yield* locked(1)
    const [a, b] = [newFence(), newFence()]
    yield* add(resv, a, READ)
    yield* add(resv, b, READ)
    yield* sim(f.dma_fence_signal(a))
    yield* sim(r.dma_resv_reserve_fences(resv, 20))
    say(contents(resv, new Map([[a, 'a'], [b, 'b']])), kref_read(a.refcount))
  })
  expect(log).toEqual(['b:2 1'])
})

describe('adding', () => {
  it('RESV-04 replaces the first that is of the same timeline, not later, and no weaker', () => {
    const { log } = checked(function* (say) {
      const resv = yield* locked()
      const make = (seqno: number): f.dma_fence => newFence(NAMES, null, 7, seqno)
      const [one, two, three, old] = [make(1), make(2), make(3), make(0)]
      const names = new Map([[one, 'one'], [two, 'two'], [three, 'three'], [old, 'old']])
      yield* add(resv, one, READ)
      yield* add(resv, two, WRITE)
      say(contents(resv, names), kref_read(one.refcount), kref_read(two.refcount))
      yield* add(resv, three, READ)
      say(contents(resv, names))
      yield* add(resv, old, WRITE)
      say(contents(resv, names))
    })
    expect(log).toEqual(['two:1 1 2', 'two:1 three:2', 'two:1 three:2 old:1'])
  })

  it('RESV-04 takes the place of a signaled one of any timeline', () => {
    const { log } = checked(function* (say) {
      const resv = yield* locked()
      const [a, b, c] = [newFence(), newFence(), newFence()]
      yield* add(resv, a, KERNEL)
      yield* add(resv, b, KERNEL)
      yield* sim(f.dma_fence_signal(a))
      yield* add(resv, c, BOOKKEEP)
      say(contents(resv, new Map([[a, 'a'], [b, 'b'], [c, 'c']])), kref_read(a.refcount))
    })
    expect(log).toEqual(['c:3 b:0 1'])
  })

  it('RESV-04 a container is a WARN, and added', () => {
    const { kinds, log } = checked(function* (say) {
      const resv = yield* locked()
      const one = ptr<f.dma_fence | null>(null)
      yield* add(resv, newFence(), READ)
      yield* add(resv, newFence(), READ)
      say(yield* sim(r.dma_resv_get_singleton(resv, READ, one)), dma_fence_is_array(one.value!))
      yield* add(resv, one.value!, READ)
      say(contents(resv, new Map([[one.value!, 'array']])).includes('array'))
    })
    expect(kinds).toEqual(['warn.resv-container'])
    expect(log).toEqual(['0 true', 'true'])
  })
})

it('RESV-05 replacing overwrites each entry of the timeline in place', () => {
  const { log } = checked(function* (say) {
    const resv = yield* locked()
    const [a, b, x] = [newFence(NAMES, null, 7, 2), newFence(NAMES, null, 7, 1), newFence()]
    const by = newFence()
    yield* add(resv, a, READ)
    yield* add(resv, x, READ)
    yield* add(resv, b, READ)
    yield* sim(r.dma_resv_replace_fences(resv, 7, by, KERNEL))
    say(contents(resv, new Map([[a, 'a'], [b, 'b'], [x, 'x'], [by, 'by']])))
    say(kref_read(by.refcount), kref_read(a.refcount))
  })
  expect(log).toEqual(['by:0 x:2 by:0', '3 1'])
})

describe('walking', () => {
  it('RESV-06 with the lock: all, in order, without references; marked as begun anew once', () => {
    const { log } = checked(function* (say) {
      const resv = yield* locked()
      const [a, b] = [newFence(), newFence()]
      yield* add(resv, a, READ)
      yield* add(resv, b, WRITE)
      yield* sim(f.dma_fence_signal(a))
      const iter = new r.dma_resv_iter()
      r.dma_resv_iter_begin(iter, resv, READ)
      say(r.dma_resv_iter_first(iter) === a, r.dma_resv_iter_is_restarted(iter))
      say(r.dma_resv_iter_next(iter) === b, r.dma_resv_iter_is_restarted(iter))
      say(String(r.dma_resv_iter_next(iter)), kref_read(a.refcount))
    })
    expect(log).toEqual(['true true', 'true false', 'null 2'])
  })

  it('RESV-06 without the lock: pending ones with a reference, anew when the table changes', () => {
    const { log } = checked(function* (say) {
      const resv = yield* locked()
      const [a, b] = [newFence(), newFence()]
      yield* add(resv, a, READ)
      yield* add(resv, b, READ)
      const iter = new r.dma_resv_iter()
      r.dma_resv_iter_begin(iter, resv, READ)
      say((yield* sim(r.dma_resv_iter_first_unlocked(iter))) === a, kref_read(a.refcount))
      yield* sim(r.dma_resv_reserve_fences(resv, 30))
      say((yield* sim(r.dma_resv_iter_next_unlocked(iter))) === a, iter.is_restarted)
      yield* sim(f.dma_fence_signal(b))
      say(String(yield* sim(r.dma_resv_iter_next_unlocked(iter))), kref_read(a.refcount))
      yield* sim(r.dma_resv_iter_end(iter))
    })
    expect(log).toEqual(['true 3', 'true true', 'null 2'])
  })

  it('RESV-06 asks the drivers, and so may signal', () => {
    const { log } = checked(function* (say) {
      const resv = yield* locked()
      const fence = newFence({ ...NAMES, signaled: (x) => jobOf(x).done })
      yield* add(resv, fence, READ)
      say(yield* sim(r.dma_resv_test_signaled(resv, READ)))
      jobOf(fence).done = true
      say(yield* sim(r.dma_resv_test_signaled(resv, READ)), f.dma_fence_test_signaled_flag(fence))
    })
    expect(log).toEqual(['false', 'true true'])
  })
})

it('RESV-07 one timeout for all fences of the usage and before it', () => {
  const { log } = checked(function* (say) {
    const resv = yield* locked()
    const [a, b, book] = [newFence(), newFence(), newFence()]
    yield* add(resv, a, KERNEL)
    yield* add(resv, b, READ)
    yield* add(resv, book, BOOKKEEP)
    const wait = (usage: number, timeout: number): Sim<number> =>
      sim(r.dma_resv_wait_timeout(resv, usage, false, timeout))
    say(yield* wait(READ, 0), yield* wait(READ, 3))
    const signaler = function* (): Sim<number> {
      for (const fence of [a, b]) {
        yield* sim(msleep(20))
        yield* sim(f.dma_fence_signal(fence))
      }
      return 0
    }
    yield* sim(kt.kthread_run(gen(signaler), null, 'signaler'))
    const left = yield* wait(READ, 100)
    say(left > 80 && left < 92)
    say(yield* wait(READ, 0), yield* wait(READ, 9), yield* wait(BOOKKEEP, 2))
  })
  expect(log).toEqual(['0 0', 'true', '1 9 0'])
})

it('RESV-08 snapshots have pending fences with references; copies keep the usages', () => {
  const { log, kinds } = checked(function* (say) {
    const src = yield* locked()
    const [a, b, old] = [newFence(), newFence(), newFence()]
    const names = new Map([[a, 'a'], [b, 'b'], [old, 'old']])
    yield* add(src, a, WRITE)
    yield* add(src, b, BOOKKEEP)
    r.dma_resv_unlock(src)
    const dst = yield* locked()
    yield* add(dst, old, READ)
    const [count, list] = [ptr(0), ptr<f.dma_fence[] | null>(null)]
    say(yield* sim(r.dma_resv_get_fences(src, READ, count, list)), count.value)
    say(list.value![0] === a, kref_read(a.refcount))
    yield* sim(f.dma_fence_put(a))
    kfree(list.value)
    say(yield* sim(r.dma_resv_copy_fences(dst, src)), contents(dst, names))
    say(kref_read(old.refcount), kref_read(a.refcount))
    const one = ptr<f.dma_fence | null>(null)
    say(yield* sim(r.dma_resv_get_singleton(src, KERNEL, one)), one.value === null)
    say(yield* sim(r.dma_resv_get_singleton(src, WRITE, one)), one.value === a)
  })
  expect(log).toEqual(['0 1', 'true 3', '0 a:1 b:3', '1 3', '0 true', '0 true'])
  expect(kinds).toEqual([])
})

it('RESV-09 the end drops the fences and waits for none', () => {
  const { log } = checked(function* (say) {
    const resv = yield* locked()
    const a = newFence()
    yield* add(resv, a, KERNEL)
    r.dma_resv_unlock(resv)
    yield* sim(r.dma_resv_fini(resv))
    say(kref_read(a.refcount), f.dma_fence_test_signaled_flag(a))
  })
  expect(log).toEqual(['1 false'])
})

it('RESV-12 without the lock each call warns and goes on', () => {
  const { kinds, log } = checked(function* (say) {
    const resv = yield* locked()
    const a = newFence()
    r.dma_resv_unlock(resv)
    say(r.dma_resv_held(resv), r.dma_resv_is_locked(resv))
    say(yield* sim(r.dma_resv_reserve_fences(resv, 1)))
    yield* add(resv, a, READ)
    say(kref_read(a.refcount))
  })
  expect(log).toEqual(['false false', '0', '2'])
  expect([...new Set(kinds)].sort()).toEqual(['lockdep.rcu', 'warn.lockdep-assert'])
})
