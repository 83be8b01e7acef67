import { expect, it } from 'vitest'
import type { Sim } from '../../../src-sim/engine/suspend'
import { test_bit } from '../../../src-sim/linux/bitops'
import { msleep } from '../../../src-sim/linux/delay'
import * as f from '../../../src-sim/linux/dma-fence'
import { in_atomic } from '../../../src-sim/linux/preempt'
import { irqs_disabled } from '../../../src-sim/linux/irqflags'
import { kref_read } from '../../../src-sim/linux/kref'
import { ktime_get } from '../../../src-sim/linux/ktime'
import { rcu_read_lock_held } from '../../../src-sim/linux/rcupdate'
import { DEFINE_SPINLOCK, spin_is_locked } from '../../../src-sim/linux/spinlock'
import { ptr_to } from '../../../src-sim/linux/types'
import { sim } from '../../sim/harness'
import { checked } from '../checked'
import { gen, jobOf, NAMES, newFence, sayOn, waiter } from './support'

const enabled = (fence: f.dma_fence): boolean =>
  test_bit(f.DMA_FENCE_FLAG_ENABLE_SIGNAL_BIT, ptr_to(fence, 'flags'))

it('FENCE-01 a new fence has one reference and is pending without error', () => {
  const { log } = checked(function* (say) {
    const fence = newFence()
    const status = yield* sim(f.dma_fence_get_status(fence))
    say(kref_read(fence.refcount), status, fence.error, f.dma_fence_was_initialized(fence))
    say(f.dma_fence_was_initialized(new f.dma_fence()), f.dma_fence_was_initialized(null))
    yield* sim(f.dma_fence_put(fence))
  })
  expect(log).toEqual(['1 0 0 true', 'false false'])
})

it('FENCE-01 without a lock of the driver the fence uses its own', () => {
  const { log } = checked(function* (say) {
    const lock = DEFINE_SPINLOCK('lock')
    const [own, foreign] = [newFence(), newFence(NAMES, lock)]
    say(f.dma_fence_spinlock(own) === own.inline_lock, f.dma_fence_spinlock(foreign) === lock)
    yield* sim(f.dma_fence_put(own))
    yield* sim(f.dma_fence_put(foreign))
  })
  expect(log).toEqual(['true true'])
})

it.each(['get_driver_name', 'get_timeline_name'])('FENCE-01 init without %s is a BUG', (name) => {
  const { kinds, log } = checked(function* (say) {
    newFence({ ...NAMES, [name]: null })
    say('not reached')
  })
  expect(kinds[0]).toBe('oops.bug')
  expect(log).toEqual([])
})

it('FENCE-02 only the first signal counts', () => {
  const { log, kinds } = checked(function* (say) {
    const fence = newFence()
    yield* sayOn(fence, 'cb', say)
    say(yield* sim(f.dma_fence_check_and_signal(fence)))
    const first = f.dma_fence_timestamp(fence)
    yield* sim(msleep(5))
    say(yield* sim(f.dma_fence_check_and_signal(fence)))
    yield* sim(f.dma_fence_signal(fence))
    say((yield* sim(f.dma_fence_timestamp(fence))) === (yield* sim(first)))
    yield* sim(f.dma_fence_put(fence))
  })
  expect(log).toEqual(['cb true', 'false', 'true', 'true'])
  expect(kinds).toEqual([])
})

it('FENCE-02 signaling does not set the enabled flag; enabling afterwards does, unasked', () => {
  const { log } = checked(function* (say) {
    const fence = newFence({ ...NAMES, enable_signaling: () => (say('asked'), true) })
    yield* sim(f.dma_fence_signal(fence))
    say(enabled(fence))
    yield* sim(f.dma_fence_enable_sw_signaling(fence))
    say(enabled(fence))
    yield* sim(f.dma_fence_put(fence))
  })
  expect(log).toEqual(['false', 'true'])
})

it('FENCE-02 signaling NULL is a WARN', () => {
  const { kinds, dmesg } = checked(function* () {
    yield* sim(f.dma_fence_signal(null as never))
  })
  expect(kinds).toEqual(['warn.fence-null'])
  expect(dmesg.join('\n')).toContain('WARNING: drivers/dma-buf/dma-fence.c at dma_fence_signal')
})

it('FENCE-03 callbacks run in order, at once, atomic, under the lock, with the flag set', () => {
  const { log, kinds } = checked(function* (say) {
    const lock = DEFINE_SPINLOCK('lock')
    const fence = newFence(NAMES, lock)
    yield* sayOn(fence, 'a', say)
    const w = new waiter()
    const look = (): void => say(!!in_atomic(), !!irqs_disabled(), !!spin_is_locked(lock))
    yield* sim(f.dma_fence_add_callback(fence, w.cb, look))
    yield* sayOn(fence, 'b', say)
    yield* sim(f.dma_fence_signal(fence))
    say('signaled')
    yield* sim(f.dma_fence_put(fence))
  })
  expect(log).toEqual(['a true', 'true true true', 'b true', 'signaled'])
  expect(kinds).toEqual([])
})

it('FENCE-03 the table of the driver is let go, unless it has release or wait', () => {
  const { log } = checked(function* (say) {
    const wait = gen(() => f.dma_fence_default_wait as never)
    const free = f.dma_fence_free
    for (const ops of [NAMES, { ...NAMES, release: free }, { ...NAMES, wait }]) {
      const fence = newFence(ops)
      yield* sim(f.dma_fence_signal(fence))
      say(fence.ops === null)
      yield* sim(f.dma_fence_put(fence))
    }
  })
  expect(log).toEqual(['true', 'false', 'false'])
})

it('FENCE-03 a callback that sleeps is reported', () => {
  const { kinds } = checked(function* () {
    const fence = newFence()
    const w = new waiter()
    const sleeps = function* (): Sim {
      yield* sim(msleep(1))
    }
    yield* sim(f.dma_fence_add_callback(fence, w.cb, gen(sleeps)))
    yield* sim(f.dma_fence_signal(fence))
  })
  expect(kinds[0]).toBe('sleep.scheduling-while-atomic')
})

it('FENCE-03 a callback that signals a fence with the same lock is reported as recursion', () => {
  const { kinds } = checked(function* () {
    const lock = DEFINE_SPINLOCK('lock')
    const [a, b] = [newFence(NAMES, lock), newFence(NAMES, lock)]
    const nested = function* (): Sim {
      yield* sim(f.dma_fence_signal(b))
    }
    yield* sim(f.dma_fence_add_callback(a, new waiter().cb, gen(nested)))
    yield* sim(f.dma_fence_signal(a))
  })
  expect(kinds[0]).toBe('lockdep.recursive')
})

it('FENCE-03 the _locked form without the lock is a WARN, and signals all the same', () => {
  const { kinds, log } = checked(function* (say) {
    const fence = newFence()
    yield* sim(f.dma_fence_signal_locked(fence))
    say(f.dma_fence_test_signaled_flag(fence))
    yield* sim(f.dma_fence_put(fence))
  })
  expect(kinds).toEqual(['warn.lockdep-assert'])
  expect(log).toEqual(['true'])
})

it('FENCE-04 a signaled fence refuses callbacks with -ENOENT and does not call them', () => {
  const { log } = checked(function* (say) {
    const fence = newFence()
    yield* sim(f.dma_fence_signal(fence))
    const w = new waiter()
    say(yield* sim(f.dma_fence_add_callback(fence, w.cb, () => say('called'))))
    say(yield* sim(f.dma_fence_remove_callback(fence, w.cb)))
    yield* sim(f.dma_fence_put(fence))
  })
  expect(log).toEqual(['-2', 'false'])
})

it('FENCE-04 no fence or no function is -EINVAL and a WARN', () => {
  const { log, kinds } = checked(function* (say) {
    const fence = newFence()
    const { cb } = new waiter()
    say(yield* sim(f.dma_fence_add_callback(null as never, cb, () => {})))
    say(yield* sim(f.dma_fence_add_callback(fence, cb, null as never)))
    yield* sim(f.dma_fence_put(fence))
  })
  expect(log).toEqual(['-22', '-22'])
  expect(kinds).toEqual(['warn.fence-null', 'warn.fence-null'])
})

it('FENCE-04 adding a callback does not ask the signaled operation', () => {
  const { log } = checked(function* (say) {
    const fence = newFence({ ...NAMES, signaled: () => (say('asked'), true) })
    say(yield* sim(f.dma_fence_add_callback(fence, new waiter().cb, () => say('called'))))
    yield* sim(f.dma_fence_signal(fence))
    yield* sim(f.dma_fence_put(fence))
  })
  expect(log).toEqual(['0', 'called'])
})

it('FENCE-05 a removed callback is not called, and can be removed once', () => {
  const { log } = checked(function* (say) {
    const fence = newFence()
    const a = yield* sayOn(fence, 'a', say)
    const b = yield* sayOn(fence, 'b', say)
    say(yield* sim(f.dma_fence_remove_callback(fence, a.cb)))
    say(yield* sim(f.dma_fence_remove_callback(fence, a.cb)))
    yield* sim(f.dma_fence_signal(fence))
    say(yield* sim(f.dma_fence_remove_callback(fence, b.cb)))
    yield* sim(f.dma_fence_put(fence))
  })
  expect(log).toEqual(['true', 'false', 'b true', 'false'])
})

it('FENCE-06 enable_signaling is asked once, under the lock with interrupts off, as reader', () => {
  const { log } = checked(function* (say) {
    const lock = DEFINE_SPINLOCK('lock')
    const enable_signaling = (): boolean => {
      say(!!spin_is_locked(lock), !!irqs_disabled(), !!rcu_read_lock_held())
      return true
    }
    const fence = newFence({ ...NAMES, enable_signaling }, lock)
    yield* sayOn(fence, 'a', say)
    yield* sayOn(fence, 'b', say)
    yield* sim(f.dma_fence_enable_sw_signaling(fence))
    yield* sim(f.dma_fence_signal(fence))
    yield* sim(f.dma_fence_put(fence))
  })
  expect(log).toEqual(['true true true', 'a true', 'b true'])
})

it('FENCE-06 a callback that finds nothing to wait for is not queued', () => {
  const { log } = checked(function* (say) {
    const fence = newFence({ ...NAMES, enable_signaling: () => false })
    const { cb } = new waiter()
    say(yield* sim(f.dma_fence_add_callback(fence, cb, () => say('called'))))
    say(yield* sim(f.dma_fence_remove_callback(fence, cb)))
    yield* sim(f.dma_fence_put(fence))
  })
  expect(log).toEqual(['-2', 'false'])
})

it('FENCE-06 false from enable_signaling signals at once, with the error set before', () => {
  const { log } = checked(function* (say) {
    const enable_signaling = (fence: f.dma_fence): boolean => {
      f.dma_fence_set_error(fence, -5)
      return false
    }
    const fence = newFence({ ...NAMES, enable_signaling })
    yield* sim(f.dma_fence_enable_sw_signaling(fence))
    say(yield* sim(f.dma_fence_get_status(fence)))
    yield* sim(f.dma_fence_put(fence))
  })
  expect(log).toEqual(['-5'])
})

it('FENCE-07 is_signaled and get_status signal when the operation says so', () => {
  const { log } = checked(function* (say) {
    const signaled = (fence: f.dma_fence): boolean => jobOf(fence).done
    for (const query of [f.dma_fence_is_signaled, f.dma_fence_get_status]) {
      const fence = newFence({ ...NAMES, signaled })
      yield* sayOn(fence, 'cb', say)
      say(Number(yield* sim(query(fence))), f.dma_fence_test_signaled_flag(fence))
      jobOf(fence).done = true
      say(Number(yield* sim(query(fence))), f.dma_fence_test_signaled_flag(fence))
      yield* sim(f.dma_fence_put(fence))
    }
  })
  const once = ['0 false', 'cb true', '1 true']
  expect(log).toEqual([...once, ...once])
})

it('FENCE-07 the operation is called as RCU reader, with the lock held or not', () => {
  const { log } = checked(function* (say) {
    const lock = DEFINE_SPINLOCK('lock')
    const signaled = (): boolean => {
      say(!!rcu_read_lock_held(), !!spin_is_locked(lock))
      return false
    }
    const fence = newFence({ ...NAMES, signaled }, lock)
    yield* sim(f.dma_fence_is_signaled(fence))
    const flags = yield* sim(f.dma_fence_lock_irqsave(fence))
    yield* sim(f.dma_fence_is_signaled_locked(fence))
    f.dma_fence_unlock_irqrestore(fence, flags)
    yield* sim(f.dma_fence_put(fence))
  })
  expect(log).toEqual(['true false', 'true true'])
})

it('FENCE-09 an error shows once the fence is signaled, and waits succeed', () => {
  const { log, kinds } = checked(function* (say) {
    const fence = newFence()
    f.dma_fence_set_error(fence, -110)
    say(yield* sim(f.dma_fence_get_status(fence)))
    yield* sim(f.dma_fence_signal(fence))
    say(yield* sim(f.dma_fence_get_status(fence)), yield* sim(f.dma_fence_wait(fence, false)))
    yield* sim(f.dma_fence_put(fence))
  })
  expect(log).toEqual(['0', '-110 0'])
  expect(kinds).toEqual([])
})

it.each([0, 7, -4096])('FENCE-09 the error %d is a WARN and stored', (error) => {
  const { log, dmesg } = checked(function* (say) {
    const fence = newFence()
    f.dma_fence_set_error(fence, error)
    say(fence.error)
    yield* sim(f.dma_fence_put(fence))
  })
  expect(log).toEqual([String(error)])
  expect(dmesg.join('\n')).toContain('WARNING: include/linux/dma-fence.h:696 at dma_fence_set_error')
})

it('FENCE-09 the timestamp of a pending fence is a WARN and the present time', () => {
  const { log, kinds } = checked(function* (say) {
    const fence = newFence()
    say((yield* sim(f.dma_fence_timestamp(fence))) === ktime_get())
    yield* sim(f.dma_fence_signal_timestamp(fence, 1234))
    say(yield* sim(f.dma_fence_timestamp(fence)))
    yield* sim(f.dma_fence_put(fence))
  })
  expect(log).toEqual(['true', '1234'])
  expect(kinds).toEqual(['warn.fence-timestamp'])
})
