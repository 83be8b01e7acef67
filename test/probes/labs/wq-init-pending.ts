import { complete, DECLARE_COMPLETION, wait_for_completion } from 'linux/completion'
import { alloc_ordered_workqueue, DECLARE_WORK, flush_workqueue, INIT_WORK, queue_work, work_pending, work_struct } from 'linux/workqueue'
import { KLAB, KLAB_PROBE } from './klab'

const go = DECLARE_COMPLETION('go')
let runs = 0
const work = new work_struct()
function block_fn(w: work_struct) {
  wait_for_completion(go)
}
const blocker = DECLARE_WORK('blocker', block_fn)
function fn(w: work_struct) {
  runs++
}
function probe() {
  const wq = alloc_ordered_workqueue('klab', 0)!
  INIT_WORK(work, fn)
  queue_work(wq, blocker)
  KLAB('queue', 'ret=%d', queue_work(wq, work))
  INIT_WORK(work, fn)
  KLAB('reinit', 'pending=%d', work_pending(work))
  complete(go)
  flush_workqueue(wq)
  KLAB('flushed', 'runs=%d', runs)
}
KLAB_PROBE('wq-init-pending', probe)
