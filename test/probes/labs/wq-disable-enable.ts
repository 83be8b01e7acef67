import { complete, DECLARE_COMPLETION, wait_for_completion } from 'linux/completion'
import { alloc_ordered_workqueue, DECLARE_WORK, destroy_workqueue, disable_work, disable_work_sync, enable_work, flush_work, flush_workqueue, queue_work, type work_struct } from 'linux/workqueue'
import { KLAB, KLAB_PROBE } from './klab'

let runs = 0
function fn(w: work_struct) {
  runs++
}
const work = DECLARE_WORK('work', fn)
const go = DECLARE_COMPLETION('go')
function block_fn(w: work_struct) {
  wait_for_completion(go)
}
const blocker = DECLARE_WORK('blocker', block_fn)
function probe() {
  const wq = alloc_ordered_workqueue('klab', 0)!
  KLAB('disable', 'idle=%d', disable_work_sync(work))
  KLAB('queue', 'disabled1=%d', queue_work(wq, work))
  KLAB('disable', 'again=%d', disable_work(work))
  KLAB('enable', 'first=%d', enable_work(work))
  KLAB('queue', 'still_disabled=%d', queue_work(wq, work))
  KLAB('enable', 'second=%d', enable_work(work))
  queue_work(wq, blocker)
  KLAB('queue', 'enabled=%d', queue_work(wq, work))
  KLAB('disable', 'pending=%d', disable_work_sync(work))
  complete(go)
  flush_workqueue(wq)
  KLAB('state', 'runs=%d', runs)
  KLAB('enable', 'third=%d', enable_work(work))
  KLAB('enable', 'too_many=%d', enable_work(work))
  KLAB('queue', 'last=%d', queue_work(wq, work))
  flush_work(work)
  KLAB('state', 'runs=%d', runs)
  destroy_workqueue(wq)
}
KLAB_PROBE('wq-disable-enable', probe)
