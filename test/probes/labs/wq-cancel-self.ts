import { msleep } from 'linux/delay'
import { alloc_workqueue, cancel_work_sync, DECLARE_WORK, queue_work, WQ_UNBOUND, work_busy, type work_struct } from 'linux/workqueue'
import { KLAB, KLAB_PROBE } from './klab'

let returned = 0
function fn(w: work_struct) {
  KLAB('fn', 'before_cancel=1')
  cancel_work_sync(w)
  returned = 1
  KLAB('fn', 'after_cancel=1')
}
const work = DECLARE_WORK('work', fn)
function probe() {
  const wq = alloc_workqueue('klab', WQ_UNBOUND, 1)!
  queue_work(wq, work)
  msleep(2000)
  KLAB('later', 'returned=%d busy=%u', returned, work_busy(work))
}
KLAB_PROBE('wq-cancel-self', probe)
