import { ATOMIC_INIT, atomic_dec, atomic_inc, atomic_read } from 'linux/atomic'
import { complete, completion, init_completion, wait_for_completion } from 'linux/completion'
import { container_of } from 'linux/container_of'
import { msleep } from 'linux/delay'
import { alloc_workqueue, destroy_workqueue, flush_workqueue, INIT_WORK, queue_work, WQ_UNBOUND, work_struct } from 'linux/workqueue'
import { KLAB, KLAB_PROBE } from './klab'

const active = ATOMIC_INIT(0)
class item {
  w = new work_struct()
  n = 0
  go = new completion()
  started = 0
}
const it = [new item(), new item(), new item(), new item()]
function fn(w: work_struct) {
  const i = container_of(w, item, 'w')
  atomic_inc(active)
  i.started = 1
  wait_for_completion(i.go)
  atomic_dec(active)
}
function show() {
  msleep(100)
  KLAB('state', 'active=%d started=%d%d%d%d', atomic_read(active), it[0].started, it[1].started, it[2].started, it[3].started)
}
function probe() {
  const wq = alloc_workqueue('klab', WQ_UNBOUND, 2)!
  for (let k = 0; k < 4; k++) {
    it[k].n = k
    INIT_WORK(it[k].w, fn)
    init_completion(it[k].go)
    queue_work(wq, it[k].w)
  }
  show()
  KLAB('finish', 'n=1')
  complete(it[1].go)
  show()
  KLAB('finish', 'n=0')
  complete(it[0].go)
  show()
  complete(it[2].go)
  complete(it[3].go)
  flush_workqueue(wq)
  destroy_workqueue(wq)
  KLAB('state', 'active=%d', atomic_read(active))
}
KLAB_PROBE('wq-max-active', probe)
