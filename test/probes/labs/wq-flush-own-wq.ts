import { msleep } from 'linux/delay'
import { alloc_workqueue, DECLARE_WORK, flush_workqueue, queue_work, WQ_UNBOUND, type work_struct, type workqueue_struct } from 'linux/workqueue'
import { KLAB, KLAB_PROBE } from './klab'

let wq: workqueue_struct
let returned = 0
function fn(w: work_struct) {
  KLAB('fn', 'before_flush=1')
  flush_workqueue(wq)
  returned = 1
}
const work = DECLARE_WORK('work', fn)
function probe() {
  wq = alloc_workqueue('klab', WQ_UNBOUND, 4)!
  queue_work(wq, work)
  msleep(2000)
  KLAB('later', 'returned=%d', returned)
}
KLAB_PROBE('wq-flush-own-wq', probe)
