import { expect, test } from 'vitest'
import type { Sim } from '../../../src-sim/engine/suspend'
import { msleep } from '../../../src-sim/linux/delay'
import { scoped_cond_guard, scoped_guard } from '../../../src-sim/linux/cleanup'
import { EBUSY } from '../../../src-sim/linux/errno'
import { kthread_run, kthread_stop } from '../../../src-sim/linux/kthread'
import * as m from '../../../src-sim/linux/mutex'
import { preempt_count } from '../../../src-sim/linux/preempt'
import { DEFINE_SPINLOCK, spin_is_locked } from '../../../src-sim/linux/spinlock'
import { GFP_KERNEL, kfree, kzalloc } from '../../../src-sim/linux/slab'
import { sim } from '../../sim/harness'
import { checked } from '../checked'

class holder {
  lock = new m.mutex()
}

test('LOCK-13 memory with a lock of the current task in it is told when it is freed', () => {
  const { dmesg, log } = checked(function* (say) {
    const object = kzalloc(holder, GFP_KERNEL)!
    m.mutex_init(object.lock)
    yield* sim(m.mutex_lock(object.lock))
    kfree(object)
    say('goes on')
  })
  expect(dmesg).toContain('WARNING: held lock freed!')
  expect(dmesg.some((line) => /^main\/1 is freeing memory .*, with a lock still held there!$/.test(line))).toBe(true)
  expect(log).toEqual(['goes on'])
})

test('LOCK-13 a lock that another task holds is not noticed', () => {
  const { kinds } = checked(function* () {
    const object = kzalloc(holder, GFP_KERNEL)!
    m.mutex_init(object.lock)
    const other = kthread_run(function* (): Sim<number> {
      yield* sim(m.mutex_lock(object.lock))
      yield* sim(msleep(200))
      return 0
    } as never, null, 'other')
    yield* sim(msleep(10))
    kfree(object)
    yield* sim(kthread_stop(other))
  })
  expect(kinds.filter((kind) => kind.startsWith('lockdep.held-lock'))).toEqual([])
})

test('LOCK-13 initialising a lock that one holds is told, and the lock is free', () => {
  const { dmesg, log } = checked(function* (say) {
    const lock = m.DEFINE_MUTEX('lock')
    yield* sim(m.mutex_lock(lock))
    m.mutex_init(lock)
    say(m.mutex_is_locked(lock))
  })
  expect(dmesg).toContain('WARNING: held lock freed!')
  expect(log).toEqual(['false'])
})

test('LOCK-05 a guard holds the lock inside its function and gives it back', () => {
  const { log, kinds } = checked(function* (say) {
    const [lock, spin] = [m.DEFINE_MUTEX('lock'), DEFINE_SPINLOCK('spin')]
    const inside = yield* sim(scoped_guard('mutex', lock, () => m.mutex_is_locked(lock)))
    say(inside, m.mutex_is_locked(lock))
    say(yield* sim(scoped_guard('spinlock_irqsave', spin, () => spin_is_locked(spin))))
    say(yield* sim(scoped_guard('preempt', null, () => preempt_count())), preempt_count())
    yield* sim(m.mutex_lock(lock))
    say(yield* sim(scoped_cond_guard('mutex_try', () => -EBUSY, lock, () => 0)))
    m.mutex_unlock(lock)
  })
  expect(log).toEqual(['true false', '1', '1 0', '-16'])
  expect(kinds).toEqual([])
})
