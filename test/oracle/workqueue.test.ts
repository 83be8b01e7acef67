import type { Sim } from '../../src-sim/engine/suspend'
import {
  complete, completion, DECLARE_COMPLETION, init_completion, wait_for_completion,
} from '../../src-sim/linux/completion'
import { msleep } from '../../src-sim/linux/delay'
import { HZ } from '../../src-sim/linux/jiffies'
import { DEFINE_MUTEX, mutex_lock, mutex_unlock } from '../../src-sim/linux/mutex'
import { timer_pending } from '../../src-sim/linux/timer'
import * as w from '../../src-sim/linux/workqueue'
import { sim } from '../sim/harness'
import { probe } from './harness'

probe('wq-queue-twice', function* (klab) {
  const go = DECLARE_COMPLETION('go')
  let runs = 0
  const blocker = w.DECLARE_WORK('blocker', (() => sim(wait_for_completion(go))) as never)
  const wq = w.alloc_ordered_workqueue('klab', 0)!
  const work = w.DECLARE_WORK('work', (item) => {
    runs++
    klab('fn', 'run=%d pending_inside=%d', runs, w.work_pending(item))
    if (runs === 2) klab('fn', 'requeue_from_self=%d', w.queue_work(wq, item))
  })
  w.queue_work(wq, blocker)
  klab('queue', 'first=%d', w.queue_work(wq, work))
  klab('queue', 'second=%d pending=%d', w.queue_work(wq, work), w.work_pending(work))
  complete(go)
  yield* sim(w.flush_workqueue(wq))
  klab('after', 'runs=%d pending=%d', runs, w.work_pending(work))
  klab('queue', 'again=%d', w.queue_work(wq, work))
  yield* sim(w.drain_workqueue(wq))
  klab('after', 'runs=%d', runs)
  yield* sim(w.destroy_workqueue(wq))
})

probe('wq-flush-return', function* (klab) {
  const slow = (ms: number, text: string) =>
    function* (): Sim {
      yield* sim(msleep(ms))
      klab('fn', text)
    } as never
  const a = w.DECLARE_WORK('a', slow(60, 'a=done'))
  const b = w.DECLARE_WORK('b', slow(400, 'b=done'))
  const wq = w.alloc_ordered_workqueue('klab', 0)!
  klab('flush', 'never_queued=%d', yield* sim(w.flush_work(a)))
  w.queue_work(wq, a)
  klab('flush', 'queued=%d', yield* sim(w.flush_work(a)))
  klab('flush', 'finished=%d', yield* sim(w.flush_work(a)))
  w.queue_work(wq, a)
  w.queue_work(wq, b)
  klab('flush', 'only_a=%d b_pending=%d', yield* sim(w.flush_work(a)), w.work_busy(b) !== 0)
  yield* sim(w.flush_workqueue(wq))
  klab('flush_wq', 'b_busy=%u', w.work_busy(b))
  yield* sim(w.destroy_workqueue(wq))
})

probe('wq-disable-enable', function* (klab) {
  let runs = 0
  const go = DECLARE_COMPLETION('go')
  const work = w.DECLARE_WORK('work', () => void runs++)
  const blocker = w.DECLARE_WORK('blocker', (() => sim(wait_for_completion(go))) as never)
  const wq = w.alloc_ordered_workqueue('klab', 0)!
  klab('disable', 'idle=%d', yield* sim(w.disable_work_sync(work)))
  klab('queue', 'disabled1=%d', w.queue_work(wq, work))
  klab('disable', 'again=%d', yield* sim(w.disable_work(work)))
  klab('enable', 'first=%d', yield* sim(w.enable_work(work)))
  klab('queue', 'still_disabled=%d', w.queue_work(wq, work))
  klab('enable', 'second=%d', yield* sim(w.enable_work(work)))
  w.queue_work(wq, blocker)
  klab('queue', 'enabled=%d', w.queue_work(wq, work))
  klab('disable', 'pending=%d', yield* sim(w.disable_work_sync(work)))
  complete(go)
  yield* sim(w.flush_workqueue(wq))
  klab('state', 'runs=%d', runs)
  klab('enable', 'third=%d', yield* sim(w.enable_work(work)))
  klab('enable', 'too_many=%d', yield* sim(w.enable_work(work)))
  klab('queue', 'last=%d', w.queue_work(wq, work))
  yield* sim(w.flush_work(work))
  klab('state', 'runs=%d', runs)
  yield* sim(w.destroy_workqueue(wq))
})

probe('wq-mod-delayed', function* (klab) {
  let runs = 0
  const dw = w.DECLARE_DELAYED_WORK('dw', function* (): Sim {
    yield* sim(msleep(100))
    runs++
    klab('fn', 'run=%d', runs)
  } as never)
  const wq = w.system_percpu_wq
  const hz = +HZ
  klab('queue', 'idle=%d', w.queue_delayed_work(wq, dw, 100 * hz))
  const again = w.queue_delayed_work(wq, dw, 1)
  klab('queue', 'pending=%d delayed_pending=%d', again, w.delayed_work_pending(dw))
  klab('mod', 'pending=%d', yield* sim(w.mod_delayed_work(wq, dw, 200 * hz)))
  klab('cancel', 'pending=%d', yield* sim(w.cancel_delayed_work(dw)))
  klab('cancel', 'idle=%d', yield* sim(w.cancel_delayed_work(dw)))
  klab('flush', 'idle=%d', yield* sim(w.flush_delayed_work(dw)))
  klab('mod', 'idle=%d', yield* sim(w.mod_delayed_work(wq, dw, 100 * hz)))
  klab('flush', 'timer_pending=%d runs=%d', yield* sim(w.flush_delayed_work(dw)), runs)
  klab('mod', 'idle2=%d', yield* sim(w.mod_delayed_work(wq, dw, 100 * hz)))
  klab('mod', 'to_zero=%d', yield* sim(w.mod_delayed_work(wq, dw, 0)))
  yield* sim(w.flush_work(dw.work))
  klab('state', 'runs=%d', runs)
  klab('queue', 'idle3=%d', w.queue_delayed_work(wq, dw, 100 * hz))
  klab('cancel_sync', 'pending=%d runs=%d', yield* sim(w.cancel_delayed_work_sync(dw)), runs)
})

probe('wq-max-active', function* (klab) {
  let active = 0
  const items = [0, 1, 2, 3].map(() => {
    const item = { go: new completion(), started: 0, work: new w.work_struct() }
    init_completion(item.go)
    w.INIT_WORK(item.work, function* (): Sim {
      active++
      item.started = 1
      yield* sim(wait_for_completion(item.go))
      active--
    } as never)
    return item
  })
  const show = function* (): Sim {
    yield* sim(msleep(100))
    klab('state', 'active=%d started=%d%d%d%d', active, ...items.map((i) => i.started))
  }
  const wq = w.alloc_workqueue('klab', w.WQ_UNBOUND, 2)!
  for (const item of items) w.queue_work(wq, item.work)
  yield* show()
  klab('finish', 'n=1')
  complete(items[1]!.go)
  yield* show()
  klab('finish', 'n=0')
  complete(items[0]!.go)
  yield* show()
  complete(items[2]!.go)
  complete(items[3]!.go)
  yield* sim(w.flush_workqueue(wq))
  yield* sim(w.destroy_workqueue(wq))
  klab('state', 'active=%d', active)
})

probe('wq-destroy-pending', function* (klab) {
  const wq = w.alloc_ordered_workqueue('klab', 0)!
  const items = [0, 1, 2].map((n) => {
    const work = new w.work_struct()
    w.INIT_WORK(work, function* (): Sim {
      yield* sim(msleep(30))
      klab('fn', 'n=%d', n)
    } as never)
    w.queue_work(wq, work)
    return work
  })
  klab('destroy', 'call=1')
  yield* sim(w.destroy_workqueue(wq))
  klab('destroy', 'returned=1 busy=%u%u%u', ...items.map((i) => w.work_busy(i)))
})

probe('wq-destroy-delayed', function* (klab) {
  const fn = (): void => klab('fn', 'ran=1')
  const dw = w.DECLARE_DELAYED_WORK('dw', fn)
  const wq = w.alloc_workqueue('klab', w.WQ_UNBOUND, 1)!
  w.queue_delayed_work(wq, dw, +HZ / 2)
  yield* sim(w.destroy_workqueue(wq))
  klab('destroyed', 'timer_still_pending=%d', timer_pending(dw.timer))
  yield* sim(msleep(1500))
  klab('later', 'timer_pending=%d', timer_pending(dw.timer))
})

probe('wq-cancel-self', function* (klab) {
  let returned = 0
  const wq = w.alloc_workqueue('klab', w.WQ_UNBOUND, 1)!
  const work = w.DECLARE_WORK('work', function* (item: w.work_struct): Sim {
    klab('fn', 'before_cancel=1')
    yield* sim(w.cancel_work_sync(item))
    returned = 1
    klab('fn', 'after_cancel=1')
  } as never)
  w.queue_work(wq, work)
  yield* sim(msleep(2000))
  klab('later', 'returned=%d busy=%u', returned, w.work_busy(work))
})

probe('wq-flush-own-wq', function* (klab) {
  let returned = 0
  const wq = w.alloc_workqueue('klab', w.WQ_UNBOUND, 4)!
  const work = w.DECLARE_WORK('work', function* (): Sim {
    klab('fn', 'before_flush=1')
    yield* sim(w.flush_workqueue(wq))
    returned = 1
  } as never)
  w.queue_work(wq, work)
  yield* sim(msleep(2000))
  klab('later', 'returned=%d', returned)
})

probe('wq-flush-lock-held', function* (klab) {
  const m = DEFINE_MUTEX('m')
  const work = w.DECLARE_WORK('work', function* (): Sim {
    yield* sim(mutex_lock(m))
    klab('fn', 'locked=1')
    yield* sim(mutex_unlock(m))
  } as never)
  w.schedule_work(work)
  klab('flush', 'unlocked=%d', (yield* sim(w.flush_work(work))) || 1)
  yield* sim(mutex_lock(m))
  klab('flush', 'idle_with_lock=%d', yield* sim(w.flush_work(work)))
  yield* sim(mutex_unlock(m))
})

probe('wq-init-pending', function* (klab) {
  let runs = 0
  const go = DECLARE_COMPLETION('go')
  const blocker = w.DECLARE_WORK('blocker', (() => sim(wait_for_completion(go))) as never)
  const fn = (): void => void runs++
  const work = new w.work_struct()
  const wq = w.alloc_ordered_workqueue('klab', 0)!
  w.INIT_WORK(work, fn)
  w.queue_work(wq, blocker)
  klab('queue', 'ret=%d', w.queue_work(wq, work))
  w.INIT_WORK(work, fn)
  klab('reinit', 'pending=%d', w.work_pending(work))
  complete(go)
  yield* sim(w.flush_workqueue(wq))
  klab('flushed', 'runs=%d', runs)
})

probe('wq-no-reentry', function* (klab) {
  const started = DECLARE_COMPLETION('started')
  let active = 0
  let most = 0
  let runs = 0
  const work = w.DECLARE_WORK('work', function* (): Sim {
    active++
    most = Math.max(most, active)
    runs++
    complete(started)
    yield* sim(msleep(50))
    active--
  } as never)
  const wq = w.alloc_workqueue('klab', w.WQ_UNBOUND, 8)!
  w.queue_work(wq, work)
  for (let k = 0; k < 3; k++) {
    yield* sim(wait_for_completion(started))
    klab('queue', 'while_running=%d', w.queue_work(wq, work))
  }
  yield* sim(wait_for_completion(started))
  yield* sim(w.flush_workqueue(wq))
  klab('state', 'runs=%d max_active=%d', runs, most)
  yield* sim(w.destroy_workqueue(wq))
})

