import { ATOMIC_INIT, atomic_dec, atomic_inc_return } from 'linux/atomic'
import { complete, DECLARE_COMPLETION, wait_for_completion } from 'linux/completion'
import { msleep } from 'linux/delay'
import { alloc_workqueue, DECLARE_WORK, destroy_workqueue, flush_workqueue, queue_work, WQ_UNBOUND, type work_struct } from 'linux/workqueue'
import { KLAB, KLAB_PROBE } from './klab'

const started = DECLARE_COMPLETION('started')
const active = ATOMIC_INIT(0)
let runs = 0
let maxact = 0
function fn(w: work_struct) {
  const a = atomic_inc_return(active)
  if (a > maxact) maxact = a
  runs++
  complete(started)
  msleep(50)
  atomic_dec(active)
}
const work = DECLARE_WORK('work', fn)
function probe() {
  const wq = alloc_workqueue('klab', WQ_UNBOUND, 8)!
  queue_work(wq, work)
  for (let k = 0; k < 3; k++) {
    wait_for_completion(started)
    KLAB('queue', 'while_running=%d', queue_work(wq, work))
  }
  wait_for_completion(started)
  flush_workqueue(wq)
  KLAB('state', 'runs=%d max_active=%d', runs, maxact)
  destroy_workqueue(wq)
}
KLAB_PROBE('wq-no-reentry', probe)
