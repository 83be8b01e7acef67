import { DEFINE_MUTEX, mutex_lock, mutex_unlock } from 'linux/mutex'
import { DECLARE_WORK, flush_work, schedule_work, type work_struct } from 'linux/workqueue'
import { KLAB, KLAB_PROBE } from './klab'

const m = DEFINE_MUTEX('m')
function fn(w: work_struct) {
  mutex_lock(m)
  KLAB('fn', 'locked=1')
  mutex_unlock(m)
}
const work = DECLARE_WORK('work', fn)
function probe() {
  schedule_work(work)
  KLAB('flush', 'unlocked=%d', flush_work(work) || 1)
  mutex_lock(m)
  KLAB('flush', 'idle_with_lock=%d', flush_work(work))
  mutex_unlock(m)
}
KLAB_PROBE('wq-flush-lock-held', probe)
