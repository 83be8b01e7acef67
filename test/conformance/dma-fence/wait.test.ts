import { describe, expect, it } from 'vitest'
import type { Sim } from '../../../src-sim/engine/suspend'
import { msleep } from '../../../src-sim/linux/delay'
import * as f from '../../../src-sim/linux/dma-fence'
import { jiffies } from '../../../src-sim/linux/jiffies'
import { allow_signal, send_sig } from '../../../src-sim/linux/sched'
import * as kt from '../../../src-sim/linux/kthread'
import { fs_reclaim_acquire, fs_reclaim_release } from '../../../src-sim/linux/lockdep'
import { DEFINE_MUTEX, mutex_lock, mutex_unlock } from '../../../src-sim/linux/mutex'
import { preempt_disable, preempt_enable } from '../../../src-sim/linux/preempt'
import { GFP_ATOMIC, GFP_KERNEL, kfree, kmalloc } from '../../../src-sim/linux/slab'
import { ptr } from '../../../src-sim/linux/types'
import { sim } from '../../sim/harness'
import { checked, type Say } from '../checked'
import { gen, jobOf, NAMES, newFence, sayOn } from './support'

const FOREVER = Number.MAX_SAFE_INTEGER

/** Another task that does something after a while. */
function* later(ms: number, body: () => Sim<unknown>): Sim {
  const thread = function* (): Sim<number> {
    yield* sim(msleep(ms))
    yield* body()
    return 0
  }
  yield* sim(kt.kthread_run(gen(thread), null, 'later'))
}

/** Runs `body` in a task that a signal arrives at after 20 ms. */
function* interrupted(say: Say, body: () => Sim<unknown>): Sim {
  const thread = function* (): Sim<number> {
    allow_signal(2)
    say(yield* body())
    return 0
  }
  const task = (yield* sim(kt.kthread_run(gen(thread), null, 'waiter'))) as kt.task_struct
  yield* sim(msleep(20))
  send_sig(2, task, 0)
  yield* sim(msleep(20))
}

describe('dma_fence_wait_timeout', () => {
  it('FENCE-08 a signaled fence gives the whole timeout, and 1 for none', () => {
    const { log } = checked(function* (say) {
      const fence = newFence()
      yield* sim(f.dma_fence_signal(fence))
      say(yield* sim(f.dma_fence_wait_timeout(fence, false, 9)))
      say(yield* sim(f.dma_fence_wait_timeout(fence, false, 0)))
      yield* sim(f.dma_fence_put(fence))
    })
    expect(log).toEqual(['9', '1'])
  })

  it('FENCE-08 a pending fence gives 0 at once for no timeout, and after a timeout', () => {
    const { log, kinds } = checked(function* (say) {
      const fence = newFence()
      const from = +jiffies
      say(yield* sim(f.dma_fence_wait_timeout(fence, false, 0)), +jiffies - from)
      say(yield* sim(f.dma_fence_wait_timeout(fence, true, 5)), +jiffies - from >= 5)
      yield* sim(f.dma_fence_put(fence))
    })
    expect(log).toEqual(['0 0', '0 true'])
    expect(kinds).toEqual([])
  })

  it('FENCE-08 what is left is answered when the signal comes in time', () => {
    const { log } = checked(function* (say) {
      const fence = newFence()
      yield* later(20, () => sim(f.dma_fence_signal(fence)))
      const left = yield* sim(f.dma_fence_wait_timeout(fence, false, 100))
      say(left > 80 && left < 100)
      yield* sim(f.dma_fence_put(fence))
    })
    expect(log).toEqual(['true'])
  })

  it('FENCE-08 a negative timeout is -EINVAL and a WARN', () => {
    const { log, kinds } = checked(function* (say) {
      const fence = newFence()
      say(yield* sim(f.dma_fence_wait_timeout(fence, false, -1)))
      yield* sim(f.dma_fence_put(fence))
    })
    expect(log).toEqual(['-22'])
    expect(kinds).toEqual(['warn.fence-timeout'])
  })

  it('FENCE-08 a signal ends an interruptible wait, and comes before a timeout of 0', () => {
    const { log } = checked(function* (say) {
      const fence = newFence()
      yield* interrupted(say, function* (): Sim<string> {
        const slept = yield* sim(f.dma_fence_wait(fence, true))
        const polled = yield* sim(f.dma_fence_wait_timeout(fence, true, 0))
        const stubborn = yield* sim(f.dma_fence_wait_timeout(fence, false, 0))
        yield* sim(f.dma_fence_signal(fence))
        return [slept, polled, stubborn, yield* sim(f.dma_fence_wait(fence, true))].join(' ')
      })
      yield* sim(f.dma_fence_put(fence))
    })
    expect(log).toEqual(['-512 -512 0 0'])
  })

  it('FENCE-08 enables signaling first, and uses the wait of the driver', () => {
    const { log } = checked(function* (say) {
      const wait = (_fence: f.dma_fence, intr: boolean, timeout: number): number => {
        say('wait', intr, timeout)
        return 3
      }
      const enable_signaling = (): boolean => (say('enable'), true)
      const fence = newFence({ ...NAMES, wait, enable_signaling })
      say(yield* sim(f.dma_fence_wait_timeout(fence, true, 7)))
      yield* sim(f.dma_fence_put(fence))
    })
    expect(log).toEqual(['enable', 'wait true 7', '3'])
  })

  it('FENCE-08 may sleep: reported with preemption off even when signaled', () => {
    const { kinds } = checked(function* () {
      const fence = newFence()
      yield* sim(f.dma_fence_signal(fence))
      preempt_disable()
      yield* sim(f.dma_fence_wait(fence, false))
      yield* sim(preempt_enable())
      yield* sim(f.dma_fence_put(fence))
    })
    expect(kinds).toEqual(['sleep.in-atomic'])
  })

  it('FENCE-21 sleepers go before callbacks that were there first, the last one first', () => {
    const { log } = checked(function* (say) {
      const fence = newFence()
      yield* sayOn(fence, 'cb', say)
      for (const name of ['first', 'second'])
        yield* later(name === 'first' ? 4 : 12, function* () {
          yield* sim(f.dma_fence_wait(fence, false))
          say(name)
        })
      yield* sim(msleep(30))
      const order: string[] = []
      for (let n = fence.cb_list.next!; n !== fence.cb_list; n = n.next!)
        order.push((n.$parent as f.dma_fence_cb).func!.name)
      say(order.map((name) => (name === 'dma_fence_default_wait_cb' ? 'sleeper' : 'cb')))
      yield* sim(f.dma_fence_signal(fence))
      yield* sim(msleep(30))
      yield* sim(f.dma_fence_put(fence))
    })
    expect(log[0]).toBe('sleeper,sleeper,cb')
    expect(log[1]).toBe('cb true')
    expect(log.slice(2).sort()).toEqual(['first', 'second'])
  })

  it('FENCE-21 a sleeper whose time is over takes itself off the list', () => {
    const { log } = checked(function* (say) {
      const fence = newFence()
      yield* sim(f.dma_fence_wait_timeout(fence, false, 2))
      say(fence.cb_list.next === fence.cb_list)
      yield* sim(f.dma_fence_put(fence))
    })
    expect(log).toEqual(['true'])
  })
})

describe('dma_fence_wait_any_timeout', () => {
  const wrong: [string, null | f.dma_fence[], number, number][] = [
    ['no list', null, 1, 5],
    ['no fences', [], 0, 5],
    ['a negative timeout', [], 1, -1],
  ]
  it.each(wrong)('FENCE-08 %s is -EINVAL and a WARN', (_what, fences, count, timeout) => {
    const { log, kinds } = checked(function* (say) {
      say(yield* sim(f.dma_fence_wait_any_timeout(fences, count, false, timeout, null)))
    })
    expect(log).toEqual(['-22'])
    expect(kinds).toEqual(['warn.fence-timeout'])
  })

  it('FENCE-08 answers jiffies, and the index apart; untouched when nothing was signaled', () => {
    const { log } = checked(function* (say) {
      const fences = [newFence(), newFence(), newFence()]
      const idx = ptr(77)
      const wait = (timeout: number): Sim<number> =>
        sim(f.dma_fence_wait_any_timeout(fences, 3, false, timeout, idx))
      say(yield* wait(0), idx.value)
      say(yield* wait(3), idx.value)
      yield* later(8, () => sim(f.dma_fence_signal(fences[1]!)))
      const left = yield* wait(100)
      say(left > 90 && left < 100, idx.value)
      say(yield* wait(0), yield* wait(40))
      for (const fence of fences) say(fence.cb_list.next === fence.cb_list)
      for (const fence of fences) yield* sim(f.dma_fence_put(fence))
    })
    expect(log).toEqual(['0 77', '0 77', 'true 1', '1 40', 'true', 'true', 'true'])
  })

  it('FENCE-08 enables one by one and stops at the first that is signaled', () => {
    const { log } = checked(function* (say) {
      const enable_signaling = (fence: f.dma_fence): boolean => (say(jobOf(fence).name), true)
      const fences = ['a', 'b', 'c'].map((name) => {
        const fence = newFence({ ...NAMES, enable_signaling })
        jobOf(fence).name = name
        return fence
      })
      yield* sim(f.dma_fence_signal(fences[1]!))
      say(yield* sim(f.dma_fence_wait_any_timeout(fences, 3, false, 10, null)))
      for (const fence of fences) yield* sim(f.dma_fence_put(fence))
    })
    expect(log).toEqual(['a', '10'])
  })

  it('FENCE-08 a signal ends the wait with -ERESTARTSYS', () => {
    const { log } = checked(function* (say) {
      const fences = [newFence()]
      yield* interrupted(say, () =>
        sim(f.dma_fence_wait_any_timeout(fences, 1, true, FOREVER, null)),
      )
      yield* sim(f.dma_fence_put(fences[0]!))
    })
    expect(log).toEqual(['-512'])
  })
})

describe('the signaling section', () => {
  /** Teaches the checker that fences are waited for under the mutex. */
  function* waitUnder(mutex: ReturnType<typeof DEFINE_MUTEX>): Sim {
    const fence = newFence()
    yield* sim(f.dma_fence_signal(fence))
    yield* sim(mutex_lock(mutex))
    yield* sim(f.dma_fence_wait(fence, false))
    mutex_unlock(mutex)
    yield* sim(f.dma_fence_put(fence))
  }

  it('FENCE-15 a lock that waiters hold must not be taken inside', () => {
    const { kinds, dmesg } = checked(function* () {
      const mutex = DEFINE_MUTEX('resv')
      yield* waitUnder(mutex)
      const cookie = f.dma_fence_begin_signalling()
      yield* sim(mutex_lock(mutex))
      mutex_unlock(mutex)
      f.dma_fence_end_signalling(cookie)
    })
    expect(kinds).toEqual(['lockdep.circular'])
    expect(dmesg.join('\n')).toContain('dma_fence_map')
  })

  it('FENCE-15 outside of the section the same lock is fine', () => {
    const { kinds } = checked(function* () {
      const mutex = DEFINE_MUTEX('resv')
      yield* waitUnder(mutex)
      const cookie = f.dma_fence_begin_signalling()
      f.dma_fence_end_signalling(cookie)
      yield* sim(mutex_lock(mutex))
      mutex_unlock(mutex)
    })
    expect(kinds).toEqual([])
  })

  it.each([
    ['GFP_KERNEL', GFP_KERNEL, ['lockdep.circular']],
    ['GFP_ATOMIC', GFP_ATOMIC, []],
  ])('FENCE-15 an allocation with %s inside, where reclaim waits for fences', (_n, flags, kinds) => {
    const outcome = checked(function* () {
      const fence = newFence()
      yield* sim(f.dma_fence_signal(fence))
      fs_reclaim_acquire(GFP_KERNEL)
      yield* sim(f.dma_fence_wait(fence, false))
      fs_reclaim_release(GFP_KERNEL)
      yield* sim(f.dma_fence_put(fence))
      const cookie = f.dma_fence_begin_signalling()
      kfree(kmalloc(16, flags))
      f.dma_fence_end_signalling(cookie)
    })
    expect(outcome.kinds).toEqual(kinds)
  })

  it('FENCE-14 nested and atomic begins change nothing; a wait inside is no error', () => {
    const { log, kinds } = checked(function* (say) {
      const fence = newFence()
      yield* sim(f.dma_fence_signal(fence))
      const outer = f.dma_fence_begin_signalling()
      const inner = f.dma_fence_begin_signalling()
      f.dma_fence_end_signalling(inner)
      yield* sim(f.dma_fence_wait(fence, false))
      const still = f.dma_fence_begin_signalling()
      f.dma_fence_end_signalling(outer)
      preempt_disable()
      say(outer, inner, still, f.dma_fence_begin_signalling())
      yield* sim(preempt_enable())
      yield* sim(f.dma_fence_put(fence))
    })
    expect(log).toEqual(['false true true true'])
    expect(kinds).toEqual([])
  })
})
