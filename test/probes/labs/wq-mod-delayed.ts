import { msleep } from 'linux/delay'
import { HZ } from 'linux/jiffies'
import { cancel_delayed_work, cancel_delayed_work_sync, DECLARE_DELAYED_WORK, delayed_work_pending, flush_delayed_work, flush_work, mod_delayed_work, queue_delayed_work, system_percpu_wq, type work_struct } from 'linux/workqueue'
import { KLAB, KLAB_PROBE } from './klab'

let runs = 0
function fn(w: work_struct) {
  msleep(100)
  runs++
  KLAB('fn', 'run=%d', runs)
}
const dw = DECLARE_DELAYED_WORK('dw', fn)
function probe() {
  KLAB('queue', 'idle=%d', queue_delayed_work(system_percpu_wq, dw, 100 * HZ))
  KLAB('queue', 'pending=%d delayed_pending=%d', queue_delayed_work(system_percpu_wq, dw, 1), delayed_work_pending(dw))
  KLAB('mod', 'pending=%d', mod_delayed_work(system_percpu_wq, dw, 200 * HZ))
  KLAB('cancel', 'pending=%d', cancel_delayed_work(dw))
  KLAB('cancel', 'idle=%d', cancel_delayed_work(dw))
  KLAB('flush', 'idle=%d', flush_delayed_work(dw))
  KLAB('mod', 'idle=%d', mod_delayed_work(system_percpu_wq, dw, 100 * HZ))
  KLAB('flush', 'timer_pending=%d runs=%d', flush_delayed_work(dw), runs)
  KLAB('mod', 'idle2=%d', mod_delayed_work(system_percpu_wq, dw, 100 * HZ))
  KLAB('mod', 'to_zero=%d', mod_delayed_work(system_percpu_wq, dw, 0))
  flush_work(dw.work)
  KLAB('state', 'runs=%d', runs)
  KLAB('queue', 'idle3=%d', queue_delayed_work(system_percpu_wq, dw, 100 * HZ))
  KLAB('cancel_sync', 'pending=%d runs=%d', cancel_delayed_work_sync(dw), runs)
}
KLAB_PROBE('wq-mod-delayed', probe)
