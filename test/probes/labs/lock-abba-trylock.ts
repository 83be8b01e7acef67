import { DEFINE_MUTEX, mutex_lock, mutex_trylock, mutex_unlock } from 'linux/mutex'
import { KLAB, KLAB_PROBE } from './klab'

const a = DEFINE_MUTEX('a')
const b = DEFINE_MUTEX('b')
function probe() {
  mutex_lock(a)
  mutex_lock(b)
  mutex_unlock(b)
  mutex_unlock(a)
  mutex_lock(b)
  KLAB('trylock', 'a=%d', mutex_trylock(a))
  mutex_unlock(a)
  mutex_unlock(b)
  KLAB('end', 'done=1')
}
KLAB_PROBE('lock-abba-trylock', probe)
