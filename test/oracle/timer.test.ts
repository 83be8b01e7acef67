import { machine } from '../../src-sim/engine/current'
import { RELAX, type Sim } from '../../src-sim/engine/suspend'
import { msleep } from '../../src-sim/linux/delay'
import * as h from '../../src-sim/linux/hrtimer'
import { HZ, jiffies, time_before } from '../../src-sim/linux/jiffies'
import { ms_to_ktime } from '../../src-sim/linux/ktime'
import { GFP_KERNEL, kfree, kzalloc } from '../../src-sim/linux/slab'
import * as t from '../../src-sim/linux/timer'
import { sim } from '../sim/harness'
import { probe } from './harness'

const spin = function* (done: () => boolean): Sim {
  while (!done()) yield RELAX
}
const spinMs = (ms: number): Sim => {
  const end = machine().nowNs + ms * 1e6
  return spin(() => machine().nowNs >= end)
}
/** A thread that stays on CPU 0. */
const onCpu0 = (body: () => Sim): void => {
  machine().spawn('klab/0', body(), { cpu: 0, bound: true })
}

probe('tmr-return-values', function* (klab) {
  const timer = new t.timer_list()
  const in_ = (s: number): number => +jiffies + s * +HZ
  t.timer_setup(timer, () => {}, 0)
  klab('setup', 'pending=%d', t.timer_pending(timer))
  klab('delete', 'inactive=%d', t.timer_delete(timer))
  klab('mod', 'inactive=%d pending=%d', t.mod_timer(timer, in_(100)), t.timer_pending(timer))
  klab('mod', 'active=%d', t.mod_timer(timer, in_(200)))
  klab('mod', 'same_expiry=%d', t.mod_timer(timer, timer.expires))
  klab('delete', 'active=%d pending=%d', t.timer_delete(timer), t.timer_pending(timer))
  let r = t.mod_timer_pending(timer, in_(100))
  klab('mod_pending', 'inactive=%d pending=%d', r, t.timer_pending(timer))
  klab('reduce', 'inactive=%d pending=%d', t.timer_reduce(timer, in_(100)), t.timer_pending(timer))
  klab('reduce', 'earlier=%d', t.timer_reduce(timer, in_(50)))
  r = t.timer_reduce(timer, in_(500))
  klab('reduce', 'later=%d near_50s=%d', r, time_before(timer.expires, in_(60)))
  klab('mod_pending', 'active=%d', t.mod_timer_pending(timer, in_(100)))
  klab('delete_sync', 'active=%d', yield* sim(t.timer_delete_sync(timer)))
  r = yield* sim(t.timer_delete_sync(timer))
  klab('delete_sync', 'inactive=%d try=%d', r, t.timer_delete_sync_try(timer))
})

probe('tmr-delete-running', function* (klab) {
  let started = false
  let go = false
  let done = false
  const timer = new t.timer_list()
  onCpu0(function* (): Sim {
    t.timer_setup(timer, function* (self: t.timer_list): Sim {
      klab('fn', 'pending_inside=%d', t.timer_pending(self))
      started = true
      yield* spin(() => go)
      yield* spinMs(30)
      done = true
    } as never, t.TIMER_PINNED)
    timer.expires = +jiffies + 2
    t.add_timer_on(timer, 1)
    yield* spin(() => started)
    klab('running', 'pending=%d', t.timer_pending(timer))
    klab('running', 'delete=%d', t.timer_delete(timer))
    klab('running', 'delete_sync_try=%d', t.timer_delete_sync_try(timer))
    go = true
    const answer = yield* sim(t.timer_delete_sync(timer))
    klab('running', 'delete_sync=%d done=%d', answer, done)
  })
  yield* sim(msleep(800))
})

probe('tmr-delete-sync-self', function* (klab) {
  let returned = 0
  const timer = new t.timer_list()
  onCpu0(function* (): Sim {
    t.timer_setup(timer, function* (self: t.timer_list): Sim {
      klab('fn', 'before=1')
      yield* sim(t.timer_delete_sync(self))
      returned = 1
      klab('fn', 'after=1')
    } as never, t.TIMER_PINNED)
    timer.expires = +jiffies + 2
    t.add_timer_on(timer, 1)
    yield* spinMs(1500)
    klab('later', 'returned=%d', returned)
  })
  yield* sim(msleep(3000))
}, { endless: true, untilNs: 2.9e9 })

probe('tmr-free-active', function* (klab) {
  class obj {
    t = new t.timer_list()
  }
  let ran = 0
  const fn = (): void => void (ran = 1)
  const o = kzalloc(obj, GFP_KERNEL)!
  t.timer_setup(o.t, fn, 0)
  t.mod_timer(o.t, +jiffies + 3 * +HZ)
  kfree(o)
  klab('freed', 'ran=%d', ran)
  yield* sim(msleep(4000))
  klab('later', 'ran=%d', ran)
})

probe('tmr-rearm-callback', function* (klab) {
  let runs = 0
  const timer = new t.timer_list()
  t.timer_setup(timer, (self) => {
    runs++
    klab('fn', 'run=%d pending=%d', runs, t.timer_pending(self))
    if (runs === 4) return
    const r = t.mod_timer(self, +jiffies + 5)
    klab('fn', 'mod=%d pending=%d', r, t.timer_pending(self))
  }, 0)
  t.mod_timer(timer, +jiffies + 2)
  yield* sim(msleep(800))
  klab('later', 'runs=%d pending=%d', runs, t.timer_pending(timer))
})

probe('tmr-rearm-vs-sync', function* (klab) {
  let started = false
  let go = false
  let rearm = -1
  const timer = new t.timer_list()
  const arm = function* (): Sim {
    started = false
    go = false
    rearm = -1
    timer.expires = +jiffies + 2
    t.add_timer_on(timer, 1)
    yield* spin(() => started)
    go = true
  }
  onCpu0(function* (): Sim {
    t.timer_setup(timer, function* (self: t.timer_list): Sim {
      started = true
      yield* spin(() => go)
      yield* spinMs(50)
      rearm = t.mod_timer(self, +jiffies + 100 * +HZ)
    } as never, t.TIMER_PINNED)
    yield* arm()
    let r = yield* sim(t.timer_delete_sync(timer))
    klab('delete_sync', 'ret=%d rearm_in_cb=%d pending=%d', r, rearm, t.timer_pending(timer))
    yield* arm()
    r = yield* sim(t.timer_shutdown_sync(timer))
    klab('shutdown_sync', 'ret=%d rearm_in_cb=%d pending=%d', r, rearm, t.timer_pending(timer))
  })
  yield* sim(msleep(1200))
})

probe('tmr-uninitialised', function* (klab) {
  const timer = kzalloc(t.timer_list, GFP_KERNEL)!
  klab('mod', 'ret=%d', t.mod_timer(timer, +jiffies + 3 * +HZ))
  klab('state', 'pending=%d function_set=%d', t.timer_pending(timer), timer.function !== null)
  yield* sim(msleep(4000))
  klab('later', 'pending=%d', t.timer_pending(timer))
})

probe('hrt-forward', function* (klab) {
  const timer = new h.hrtimer()
  const one = (what: string, exp: number, now: number, interval: number): void => {
    h.hrtimer_set_expires(timer, exp)
    const overruns = h.hrtimer_forward(timer, now, interval)
    klab('forward', '%s overruns=%llu expires=%lld', what, overruns, h.hrtimer_get_expires(timer))
  }
  h.hrtimer_setup(timer, () => h.HRTIMER_NORESTART, h.CLOCK_MONOTONIC, h.HRTIMER_MODE_ABS)
  one('before', 1000000, 999999, 1000)
  one('equal', 1000000, 1000000, 1000)
  one('half', 1000000, 1000500, 1000)
  one('exactly_one', 1000000, 1001000, 1000)
  one('three_and_half', 1000000, 1003500, 1000)
  one('exactly_three', 1000000, 1003000, 1000)
  one('zero_interval', 1000000, 1000005, 0)
  h.hrtimer_start(timer, ms_to_ktime(100000), h.HRTIMER_MODE_REL)
  klab('queued', 'overruns=%llu', h.hrtimer_forward_now(timer, ms_to_ktime(1)))
  yield* sim(h.hrtimer_cancel(timer))
})

probe('hrt-start-in-callback', function* (klab) {
  let runs = 0
  const timer = new h.hrtimer()
  h.hrtimer_setup(timer, (self) => {
    runs++
    if (runs < 3) {
      h.hrtimer_start(self, ms_to_ktime(10), h.HRTIMER_MODE_REL)
      klab('fn', 'run=%d queued_after_start=%d', runs, h.hrtimer_is_queued(self))
    }
    return h.HRTIMER_NORESTART
  }, h.CLOCK_MONOTONIC, h.HRTIMER_MODE_REL)
  h.hrtimer_start(timer, ms_to_ktime(10), h.HRTIMER_MODE_REL)
  yield* sim(msleep(300))
  klab('later', 'runs=%d active=%d', runs, h.hrtimer_active(timer))
})

probe('hrt-free-active', function* (klab) {
  class obj {
    h = new h.hrtimer()
  }
  let ran = 0
  const fn = (): number => {
    ran = 1
    return h.HRTIMER_NORESTART
  }
  const o = kzalloc(obj, GFP_KERNEL)!
  h.hrtimer_setup(o.h, fn, h.CLOCK_MONOTONIC, h.HRTIMER_MODE_REL)
  h.hrtimer_start(o.h, ms_to_ktime(3000), h.HRTIMER_MODE_REL)
  kfree(o)
  klab('freed', 'ran=%d', ran)
  yield* sim(msleep(4000))
  klab('later', 'ran=%d', ran)
})
