import { msleep } from 'linux/delay'
import { HZ } from 'linux/jiffies'
import { timer_pending } from 'linux/timer'
import { alloc_workqueue, DECLARE_DELAYED_WORK, destroy_workqueue, queue_delayed_work, WQ_UNBOUND, type work_struct } from 'linux/workqueue'
import { KLAB, KLAB_PROBE } from './klab'

function fn(w: work_struct) {
  KLAB('fn', 'ran=1')
}
const dw = DECLARE_DELAYED_WORK('dw', fn)
function probe() {
  const wq = alloc_workqueue('klab', WQ_UNBOUND, 1)!
  queue_delayed_work(wq, dw, HZ / 2)
  destroy_workqueue(wq)
  KLAB('destroyed', 'timer_still_pending=%d', timer_pending(dw.timer))
  msleep(1500)
  KLAB('later', 'timer_pending=%d', timer_pending(dw.timer))
}
KLAB_PROBE('wq-destroy-delayed', probe)
