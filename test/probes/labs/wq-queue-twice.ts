import { complete, DECLARE_COMPLETION, wait_for_completion } from 'linux/completion'
import { alloc_ordered_workqueue, DECLARE_WORK, destroy_workqueue, drain_workqueue, flush_workqueue, queue_work, work_pending, type work_struct, type workqueue_struct } from 'linux/workqueue'
import { KLAB, KLAB_PROBE } from './klab'

let wq: workqueue_struct
const go = DECLARE_COMPLETION('go')
let runs = 0
function block_fn(w: work_struct) {
  wait_for_completion(go)
}
const blocker = DECLARE_WORK('blocker', block_fn)
function fn(w: work_struct) {
  runs++
  KLAB('fn', 'run=%d pending_inside=%d', runs, work_pending(w))
  if (runs === 2) KLAB('fn', 'requeue_from_self=%d', queue_work(wq, w))
}
const work = DECLARE_WORK('work', fn)
function probe() {
  wq = alloc_ordered_workqueue('klab', 0)!
  queue_work(wq, blocker)
  KLAB('queue', 'first=%d', queue_work(wq, work))
  KLAB('queue', 'second=%d pending=%d', queue_work(wq, work), work_pending(work))
  complete(go)
  flush_workqueue(wq)
  KLAB('after', 'runs=%d pending=%d', runs, work_pending(work))
  KLAB('queue', 'again=%d', queue_work(wq, work))
  drain_workqueue(wq)
  KLAB('after', 'runs=%d', runs)
  destroy_workqueue(wq)
}
KLAB_PROBE('wq-queue-twice', probe)
