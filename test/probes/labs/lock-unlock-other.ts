import { msleep } from 'linux/delay'
import { kthread_stop } from 'linux/kthread'
import { DEFINE_MUTEX, mutex_is_locked, mutex_lock, mutex_unlock } from 'linux/mutex'
import { KLAB, KLAB_PROBE, klab_on } from './klab'

const m = DEFINE_MUTEX('m')
function fn(p: null) {
  mutex_unlock(m)
  KLAB('other', 'unlock_returned=1 locked=%d', mutex_is_locked(m))
  return 0
}
function probe() {
  mutex_lock(m)
  const t = klab_on(0, fn, null)
  msleep(300)
  kthread_stop(t)
  KLAB('owner', 'locked=%d', mutex_is_locked(m))
}
KLAB_PROBE('lock-unlock-other', probe)
