import { expect, it } from 'vitest'
import type { Sim } from '../../../src-sim/engine/suspend'
import { msleep } from '../../../src-sim/linux/delay'
import * as f from '../../../src-sim/linux/dma-fence'
import { kref_put, kref_read } from '../../../src-sim/linux/kref'
import * as rcu from '../../../src-sim/linux/rcupdate'
import { GFP_KERNEL, kfree, kzalloc } from '../../../src-sim/linux/slab'
import { DEFINE_SPINLOCK, spin_lock_init, spinlock_t } from '../../../src-sim/linux/spinlock'
import { ptr, ptr_to } from '../../../src-sim/linux/types'
import { sim } from '../../sim/harness'
import { checked } from '../checked'
import { gen, NAMES, newFence, sayOn } from './support'

it('FENCE-10 the last put with callbacks pending warns, fails the fence and calls them', () => {
  const { log, kinds, dmesg } = checked(function* (say) {
    const release = (fence: f.dma_fence): void => {
      say('release', fence.error)
      f.dma_fence_free(fence)
    }
    const fence = newFence({ ...NAMES, release }, null, 0x1a, 0x2b)
    yield* sayOn(fence, 'cb', say)
    yield* sim(f.dma_fence_put(fence))
    say('put')
  })
  expect(log).toEqual(['cb true', 'release -35', 'put'])
  expect(kinds).toEqual(['warn.fence-pending-signals'])
  expect(dmesg).toContain('Fence drv:ring0:1a:2b released with pending signals!')
})

it('FENCE-10 the last put without callbacks is silent and signals nothing', () => {
  const { log, kinds } = checked(function* (say) {
    const release = (fence: f.dma_fence): void => {
      say(f.dma_fence_test_signaled_flag(fence), !!rcu.rcu_read_lock_held())
      f.dma_fence_free(fence)
    }
    const fence = newFence({ ...NAMES, release })
    yield* sim(f.dma_fence_get(fence))
    yield* sim(f.dma_fence_put(fence))
    say('one left')
    yield* sim(f.dma_fence_put(fence))
    yield* sim(f.dma_fence_put(null))
  })
  expect(log).toEqual(['one left', 'false true'])
  expect(kinds).toEqual([])
})

it('FENCE-10 a release that sleeps is reported', () => {
  const { kinds } = checked(function* () {
    const release = function* (fence: f.dma_fence): Sim {
      yield* sim(msleep(1))
      f.dma_fence_free(fence)
    }
    yield* sim(f.dma_fence_put(newFence({ ...NAMES, release: gen(release) })))
  })
  expect(kinds.length).toBeGreaterThan(0)
})

it('FENCE-11 the memory lives for as long as readers of the last moment do', () => {
  const { kinds } = checked(function* () {
    const fence = newFence()
    rcu.rcu_read_lock()
    yield* sim(f.dma_fence_put(fence))
    f.dma_fence_test_signaled_flag(fence)
    rcu.rcu_read_unlock()
    yield* sim(rcu.synchronize_rcu())
    yield* sim(rcu.rcu_barrier())
    f.dma_fence_test_signaled_flag(fence)
  })
  expect(kinds).toEqual(['kasan.use-after-free'])
})

it('FENCE-11 get_rcu gives no reference to a dying fence', () => {
  const { log, kinds } = checked(function* (say) {
    const fence = newFence()
    say(f.dma_fence_get_rcu(fence) === fence, kref_read(fence.refcount))
    yield* sim(f.dma_fence_put(fence))
    rcu.rcu_read_lock()
    yield* sim(f.dma_fence_put(fence))
    say(String(f.dma_fence_get_rcu(fence)))
    rcu.rcu_read_unlock()
  })
  expect(log).toEqual(['true 2', 'null'])
  expect(kinds).toEqual([])
})

it('FENCE-11 get_rcu_safe answers what the slot holds, with a reference', () => {
  const { log } = checked(function* (say) {
    const slot = ptr<f.dma_fence | null>(null)
    rcu.rcu_read_lock()
    say(String(yield* sim(f.dma_fence_get_rcu_safe(slot))))
    const fence = (slot.value = newFence())
    say((yield* sim(f.dma_fence_get_rcu_safe(slot))) === fence, kref_read(fence.refcount))
    rcu.rcu_read_unlock()
    yield* sim(f.dma_fence_put(fence))
    yield* sim(f.dma_fence_put(fence))
  })
  expect(log).toEqual(['null', 'true 2'])
})

it('FENCE-12 names are asked while pending only, and by RCU readers', () => {
  const { log, kinds } = checked(function* (say) {
    const fence = newFence()
    const names = function* (): Sim {
      say(yield* sim(f.dma_fence_driver_name(fence)), yield* sim(f.dma_fence_timeline_name(fence)))
    }
    rcu.rcu_read_lock()
    yield* names()
    yield* sim(f.dma_fence_signal(fence))
    yield* names()
    rcu.rcu_read_unlock()
    yield* sim(f.dma_fence_put(fence))
  })
  expect(log).toEqual(['drv ring0', 'detached-driver signaled-timeline'])
  expect(kinds).toEqual([])
})

it('FENCE-12 a name outside of a reader is suspicious', () => {
  const { kinds, dmesg } = checked(function* () {
    const fence = newFence()
    yield* sim(f.dma_fence_driver_name(fence))
    yield* sim(f.dma_fence_put(fence))
  })
  expect(kinds).toEqual(['lockdep.rcu'])
  expect(dmesg.join('\n')).toContain('suspicious rcu_dereference_check() usage')
})

it('FENCE-19 a lock of the driver that is freed before the fence is a use-after-free', () => {
  class timeline {
    lock = new spinlock_t()
  }
  const { kinds } = checked(function* () {
    const line = kzalloc(timeline, GFP_KERNEL)!
    spin_lock_init(line.lock)
    const fence = newFence(NAMES, line.lock)
    yield* sim(f.dma_fence_signal(fence))
    kfree(line)
    yield* sim(f.dma_fence_get_status(fence))
  })
  expect(kinds).toContain('kasan.use-after-free')
})

it('FENCE-20 numbers of 32 bits wrap, those of 64 bits do not', () => {
  const { log } = checked(function* (say) {
    const lock = DEFINE_SPINLOCK('lock')
    const make = (init: typeof f.dma_fence_init, seqno: number): f.dma_fence => {
      const fence = new f.dma_fence()
      init(fence, NAMES, lock, 5, seqno)
      return fence
    }
    for (const init of [f.dma_fence_init, f.dma_fence_init64]) {
      const [old, young] = [make(init, 3), make(init, 0x80000004)]
      say(f.dma_fence_is_later(young, old), f.dma_fence_is_later(old, young))
      say(f.dma_fence_is_later(old, old), f.dma_fence_is_later_or_same(old, old))
    }
    yield* []
  })
  expect(log).toEqual(['false true', 'false true', 'true false', 'false true'])
})

it('FENCE-20 fences of two timelines cannot be compared', () => {
  const { log, dmesg } = checked(function* (say) {
    const [a, b] = [newFence(), newFence()]
    say(f.dma_fence_is_later(a, b), String(yield* sim(f.dma_fence_later(a, b))))
    for (const fence of [a, b]) yield* sim(f.dma_fence_put(fence))
  })
  expect(log).toEqual(['false null'])
  expect(dmesg.join('\n')).toContain('WARNING: include/linux/dma-fence.h:604 at dma_fence_is_later')
})

it('FENCE-20 dma_fence_later is the later one, as long as that is pending', () => {
  const { log } = checked(function* (say) {
    const [a, b] = [newFence(NAMES, null, 9, 1), newFence(NAMES, null, 9, 2)]
    say((yield* sim(f.dma_fence_later(a, b))) === b, (yield* sim(f.dma_fence_later(b, a))) === b)
    yield* sim(f.dma_fence_signal(b))
    say(String(yield* sim(f.dma_fence_later(a, b))))
    for (const fence of [a, b]) yield* sim(f.dma_fence_put(fence))
  })
  expect(log).toEqual(['true true', 'null'])
})

it('FENCE-23 the stub is one signaled fence, a private stub is another', () => {
  const { log, kinds } = checked(function* (say) {
    const stub = yield* sim(f.dma_fence_get_stub())
    say(stub === (yield* sim(f.dma_fence_get_stub())), yield* sim(f.dma_fence_is_signaled(stub)))
    const own = (yield* sim(f.dma_fence_allocate_private_stub(42)))!
    say(own === stub, yield* sim(f.dma_fence_timestamp(own)), own.ops === null)
    say(own.flags === stub.flags, ptr_to(own, 'error').value)
    for (const fence of [stub, stub, own]) yield* sim(f.dma_fence_put(fence))
  })
  expect(log).toEqual(['true true', 'false 42 true', 'true 0'])
  expect(kinds).toEqual([])
})

it('FENCE-01 dma_fence_release is the release function of the count', () => {
  const { log } = checked(function* (say) {
    const fence = newFence({ ...NAMES, release: (x) => (say('gone'), f.dma_fence_free(x)) })
    say(yield* sim(kref_put(fence.refcount, f.dma_fence_release)))
  })
  expect(log).toEqual(['gone', '1'])
})

it('FENCE-01 timelines get numbers in a row', () => {
  const { log, kinds } = checked(function* (say) {
    const first = f.dma_fence_context_alloc(3)
    say(f.dma_fence_context_alloc(1) - first)
    f.dma_fence_context_alloc(0)
    yield* []
  })
  expect(log).toEqual(['3'])
  expect(kinds).toEqual(['warn.fence-context'])
})
