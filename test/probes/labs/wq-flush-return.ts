import { msleep } from 'linux/delay'
import { alloc_ordered_workqueue, DECLARE_WORK, destroy_workqueue, flush_work, flush_workqueue, queue_work, work_busy, type work_struct } from 'linux/workqueue'
import { KLAB, KLAB_PROBE } from './klab'

function fn_a(w: work_struct) {
  msleep(60)
  KLAB('fn', 'a=done')
}
function fn_b(w: work_struct) {
  msleep(400)
  KLAB('fn', 'b=done')
}
const a = DECLARE_WORK('a', fn_a)
const b = DECLARE_WORK('b', fn_b)
function probe() {
  const wq = alloc_ordered_workqueue('klab', 0)!
  KLAB('flush', 'never_queued=%d', flush_work(a))
  queue_work(wq, a)
  KLAB('flush', 'queued=%d', flush_work(a))
  KLAB('flush', 'finished=%d', flush_work(a))
  queue_work(wq, a)
  queue_work(wq, b)
  KLAB('flush', 'only_a=%d b_pending=%d', flush_work(a), !!work_busy(b))
  flush_workqueue(wq)
  KLAB('flush_wq', 'b_busy=%u', work_busy(b))
  destroy_workqueue(wq)
}
KLAB_PROBE('wq-flush-return', probe)
