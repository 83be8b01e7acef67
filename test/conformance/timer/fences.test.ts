import { expect, test } from 'vitest'
import { RELAX } from '../../../src-sim/engine/suspend'
import { mdelay, msleep } from '../../../src-sim/linux/delay'
import * as h from '../../../src-sim/linux/hrtimer'
import * as iw from '../../../src-sim/linux/irq_work'
import { jiffies } from '../../../src-sim/linux/jiffies'
import { ms_to_ktime } from '../../../src-sim/linux/ktime'
import * as kt from '../../../src-sim/linux/kthread'
import { wake_up_process } from '../../../src-sim/linux/sched'
import * as sp from '../../../src-sim/linux/spinlock'
import * as t from '../../../src-sim/linux/timer'
import * as w from '../../../src-sim/linux/workqueue'
import { sim } from '../../sim/harness'
import { checked } from '../checked'

test('TMR-05 the try form answers -1 while the callback runs, from the callback itself too', () => {
  const { log } = checked(function* (say) {
    let running = false
    let go = false
    const timer = new t.timer_list()
    t.timer_setup(timer, function* (self: t.timer_list) {
      say(t.timer_delete_sync_try(self))
      running = true
      while (!go) yield RELAX
    } as never, t.TIMER_PINNED)
    say(t.timer_delete_sync_try(timer))
    timer.expires = +jiffies + 1
    t.add_timer_on(timer, 1)
    say(t.timer_delete_sync_try(timer))
    timer.expires = +jiffies + 1
    t.add_timer_on(timer, 1)
    while (!running) yield RELAX
    say(t.timer_delete_sync_try(timer))
    go = true
    yield* sim(msleep(20))
  })
  expect(log).toEqual(['0', '1', '-1', '-1'])
})

test('TMR-08 deleting with a lock held that the callback takes is circular, in either order', () => {
  for (const first of ['callback', 'delete']) {
    const { kinds } = checked(function* () {
      const lock = sp.DEFINE_SPINLOCK('lock')
      const timer = new t.timer_list()
      t.timer_setup(timer, function* () {
        yield* sim(sp.spin_lock(lock))
        sp.spin_unlock(lock)
      } as never, 0)
      const remove = function* () {
        yield* sim(sp.spin_lock_bh(lock))
        yield* sim(t.timer_delete_sync(timer))
        yield* sim(sp.spin_unlock_bh(lock))
      }
      if (first === 'delete') yield* remove()
      t.mod_timer(timer, +jiffies + 1)
      yield* sim(msleep(30))
      if (first === 'callback') yield* remove()
    })
    expect(kinds).toEqual(['lockdep.circular'])
  }
})

test('TMR-08 a lock that hardirqs take must not be held around the delete', () => {
  const { dmesg } = checked(function* () {
    const lock = sp.DEFINE_RAW_SPINLOCK('lock')
    const timer = new t.timer_list()
    t.timer_setup(timer, () => {}, 0)
    t.mod_timer(timer, +jiffies + 1)
    yield* sim(msleep(30))
    const work = iw.IRQ_WORK_INIT_HARD(function* () {
      yield* sim(sp.raw_spin_lock(lock))
      sp.raw_spin_unlock(lock)
    } as never)
    iw.irq_work_queue(work)
    yield* sim(iw.irq_work_sync(work))
    const flags = yield* sim(sp.raw_spin_lock_irqsave(lock))
    yield* sim(t.timer_delete_sync(timer))
    sp.raw_spin_unlock_irqrestore(lock, flags)
  })
  expect(dmesg).toContain('WARNING: HARDIRQ-safe -> HARDIRQ-unsafe lock order detected')
})

/** A work arms a timer that queues the work; `end` takes both down. */
function cycle(end: (timer: t.timer_list, work: w.work_struct) => Generator): string[] {
  return checked(function* (say) {
    const timer = new t.timer_list()
    const work = w.DECLARE_WORK('work', function* () {
      yield* sim(mdelay(30))
      t.mod_timer(timer, +jiffies + 1)
    } as never)
    t.timer_setup(timer, () => void w.schedule_work(work), 0)
    w.schedule_work(work)
    yield* sim(msleep(1))
    yield* end(timer, work)
    yield* sim(msleep(100))
    say(t.timer_pending(timer), w.work_busy(work) !== 0)
  }).log
}

test('TMR-11 shutting the timer down and then cancelling the work ends their cycle', () => {
  const log = cycle(function* (timer, work) {
    yield* sim(t.timer_shutdown_sync(timer))
    yield* sim(w.cancel_work_sync(work))
  })
  expect(log).toEqual(['false false'])
})

test('TMR-11 deleting the timer first lets the running work arm it again', () => {
  const log = cycle(function* (timer, work) {
    yield* sim(t.timer_delete_sync(timer))
    yield* sim(w.cancel_work_sync(work))
  })
  expect(log).not.toEqual(['false false'])
})

test('HRT-06 active means queued or running; queued is queued alone', () => {
  const { log } = checked(function* (say) {
    let running = false
    let go = false
    const timer = new h.hrtimer()
    const see = (): void =>
      say(h.hrtimer_active(timer), h.hrtimer_is_queued(timer), h.hrtimer_callback_running(timer))
    h.hrtimer_setup(timer, function* () {
      see()
      running = true
      while (!go) yield RELAX
      return h.HRTIMER_NORESTART
    } as never, h.CLOCK_MONOTONIC, h.HRTIMER_MODE_REL)
    see()
    const starter = kt.kthread_create(() => {
      h.hrtimer_start(timer, ms_to_ktime(1), h.HRTIMER_MODE_REL_PINNED)
      see()
    }, null, 'starter')
    kt.kthread_bind(starter, 1)
    wake_up_process(starter)
    while (!running) yield RELAX
    see()
    go = true
    yield* sim(msleep(5))
    see()
  })
  expect(log).toEqual([
    'false false false', 'true true false', 'true false true', 'true false true',
    'false false false',
  ])
})

test('HRT-02 a spinlock is refused in a hard timer and accepted in a plain one', () => {
  const kinds = (mode: number): string[] =>
    checked(function* () {
      const lock = sp.DEFINE_SPINLOCK('lock')
      const timer = new h.hrtimer()
      h.hrtimer_setup(timer, function* () {
        yield* sim(sp.spin_lock(lock))
        sp.spin_unlock(lock)
        return h.HRTIMER_NORESTART
      } as never, h.CLOCK_MONOTONIC, mode)
      h.hrtimer_start(timer, ms_to_ktime(1), mode)
      yield* sim(msleep(10))
    }).kinds
  expect(kinds(h.HRTIMER_MODE_REL)).toEqual([])
  expect(kinds(h.HRTIMER_MODE_REL_HARD)).toEqual(['lockdep.wait-context'])
})

test('LOCK-14 a spinlock is refused in a hard irq_work and accepted in a plain one', () => {
  const kinds = (init: typeof iw.IRQ_WORK_INIT): string[] =>
    checked(function* () {
      const lock = sp.DEFINE_SPINLOCK('lock')
      const work = init(function* () {
        yield* sim(sp.spin_lock(lock))
        sp.spin_unlock(lock)
      } as never)
      iw.irq_work_queue(work)
      yield* sim(iw.irq_work_sync(work))
    }).kinds
  expect(kinds(iw.IRQ_WORK_INIT)).toEqual([])
  expect(kinds(iw.IRQ_WORK_INIT_HARD)).toEqual(['lockdep.wait-context'])
})
