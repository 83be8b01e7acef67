import { container_of } from 'linux/container_of'
import { msleep } from 'linux/delay'
import { alloc_ordered_workqueue, destroy_workqueue, INIT_WORK, queue_work, work_busy, work_struct } from 'linux/workqueue'
import { KLAB, KLAB_PROBE } from './klab'

class item {
  w = new work_struct()
  n = 0
}
const it = [new item(), new item(), new item()]
function fn(w: work_struct) {
  const i = container_of(w, item, 'w')
  msleep(30)
  KLAB('fn', 'n=%d', i.n)
}
function probe() {
  const wq = alloc_ordered_workqueue('klab', 0)!
  for (let k = 0; k < 3; k++) {
    it[k].n = k
    INIT_WORK(it[k].w, fn)
    queue_work(wq, it[k].w)
  }
  KLAB('destroy', 'call=1')
  destroy_workqueue(wq)
  KLAB('destroy', 'returned=1 busy=%u%u%u', work_busy(it[0].w), work_busy(it[1].w), work_busy(it[2].w))
}
KLAB_PROBE('wq-destroy-pending', probe)
