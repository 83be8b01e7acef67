import { msleep } from 'linux/delay'
import { kthread_stop } from 'linux/kthread'
import { DEFINE_MUTEX, mutex_lock, mutex_trylock } from 'linux/mutex'
import { KLAB, KLAB_PROBE, klab_on } from './klab'

const m = DEFINE_MUTEX('m')
function fn(p: null) {
  mutex_lock(m)
  KLAB('thread', 'exiting=1')
  return 0
}
function probe() {
  const t = klab_on(0, fn, null)
  msleep(500)
  KLAB('later', 'trylock=%d', mutex_trylock(m))
  kthread_stop(t)
}
KLAB_PROBE('lock-exit-held', probe)
