import { DEFINE_MUTEX, mutex_lock, mutex_unlock } from 'linux/mutex'
import { KLAB, KLAB_PROBE } from './klab'
const a = DEFINE_MUTEX('a')
const b = DEFINE_MUTEX('b')
function probe() {
  mutex_lock(a); mutex_lock(b); mutex_unlock(b); mutex_unlock(a)
  KLAB('first', 'order=ab')
  mutex_lock(b); mutex_lock(a); mutex_unlock(a); mutex_unlock(b)
  KLAB('second', 'order=ba')
}
KLAB_PROBE('lock-abba', probe)
