import { READ_ONCE } from 'linux/compiler'
import { msleep } from 'linux/delay'
import { DEFINE_MUTEX, mutex_lock, mutex_trylock } from 'linux/mutex'
import { TASK_UNINTERRUPTIBLE } from 'linux/sched'
import { KLAB, KLAB_PROBE, klab_on } from './klab'

const m = DEFINE_MUTEX('m')
let got = 0
function fn(p: null) {
  mutex_lock(m)
  KLAB('thread', 'first=1')
  mutex_lock(m)
  got = 1
  return 0
}
function probe() {
  const t = klab_on(0, fn, null)
  msleep(1500)
  KLAB('later', 'second_got=%d state_uninterruptible=%d trylock_other=%d', got, !!(READ_ONCE(t.__state) & TASK_UNINTERRUPTIBLE), mutex_trylock(m))
}
KLAB_PROBE('lock-aa', probe)
