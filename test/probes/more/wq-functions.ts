import { completion, complete, init_completion, wait_for_completion, wait_for_completion_timeout, DECLARE_COMPLETION } from 'linux/completion'
import { HZ, jiffies, msecs_to_jiffies } from 'linux/jiffies'
import { msleep } from 'linux/delay'
import { smp_processor_id } from 'linux/smp'
import { current } from 'linux/sched'
import { strncmp } from 'linux/string'
import { container_of } from 'linux/container_of'
import { kfree, kzalloc, GFP_KERNEL } from 'linux/slab'
import { alloc_ordered_workqueue, alloc_workqueue, cancel_delayed_work_sync, cancel_work, cancel_work_sync, delayed_work, destroy_workqueue, drain_workqueue, flush_delayed_work, flush_work, flush_workqueue, INIT_DELAYED_WORK, INIT_WORK, mod_delayed_work, queue_delayed_work, queue_work, queue_work_on, schedule_delayed_work, schedule_work, system_wq, system_percpu_wq, system_unbound_wq, system_highpri_wq, to_delayed_work, work_busy, WORK_BUSY_PENDING, WORK_BUSY_RUNNING, work_pending, work_struct, WQ_FREEZABLE, WQ_HIGHPRI, WQ_MEM_RECLAIM, WQ_PERCPU, WQ_UNBOUND, workqueue_struct, schedule_work_on, current_work } from 'linux/workqueue'
import { KLAB, KLAB_PROBE } from './klab'

class ctx {
  w = new work_struct()
  dw = new delayed_work()
  started = new completion()
  go = new completion()
  n = 0
}
let c: ctx
function fn(w: work_struct) {
  const p = container_of(w, ctx, 'w')
  p.n++
  KLAB('fn', 'cpu=%d kworker=%d cur=%d', smp_processor_id(), !strncmp(current.comm, 'kworker/', 8), current_work() === w)
  complete(p.started)
  wait_for_completion(p.go)
}
function dfn(w: work_struct) {
  const dw = to_delayed_work(w)
  const p = container_of(dw, ctx, 'dw')
  msleep(5)
  p.n += 10
  KLAB('dfn', 'n=%d', p.n)
}
function probe() {
  c = kzalloc(ctx, GFP_KERNEL)!
  INIT_WORK(c.w, fn)
  INIT_DELAYED_WORK(c.dw, dfn)
  init_completion(c.started)
  init_completion(c.go)
  const wq: workqueue_struct | null = alloc_workqueue('klab-%s', WQ_PERCPU | WQ_HIGHPRI, 0, 'hi')
  if (!wq) return
  KLAB('queue', 'on1=%d', queue_work_on(1, wq, c.w))
  wait_for_completion(c.started)
  KLAB('busy', 'running=%d pending=%d', !!(work_busy(c.w) & WORK_BUSY_RUNNING), !!(work_busy(c.w) & WORK_BUSY_PENDING))
  KLAB('queue', 'again=%d', queue_work(wq, c.w))
  KLAB('busy', 'both=%u', work_busy(c.w))
  KLAB('cancel', 'cancel_work=%d pending=%d', cancel_work(c.w), work_pending(c.w))
  complete(c.go)
  KLAB('cancel', 'sync=%d', cancel_work_sync(c.w))
  KLAB('delayed', 'q=%d', queue_delayed_work(wq, c.dw, msecs_to_jiffies(50)))
  KLAB('delayed', 'flush=%d', flush_delayed_work(c.dw))
  KLAB('delayed', 'sched=%d', schedule_delayed_work(c.dw, HZ))
  KLAB('delayed', 'mod=%d', mod_delayed_work(system_percpu_wq, c.dw, 0))
  msleep(50)
  KLAB('delayed', 'cancel=%d n=%d', cancel_delayed_work_sync(c.dw), c.n)
  drain_workqueue(wq)
  flush_workqueue(wq)
  destroy_workqueue(wq)
  const o = alloc_ordered_workqueue('klab_ord', WQ_MEM_RECLAIM | WQ_FREEZABLE)
  KLAB('ordered', 'ok=%d', !!o)
  destroy_workqueue(o!)
  kfree(c)
}
KLAB_PROBE('wq-functions', probe)
