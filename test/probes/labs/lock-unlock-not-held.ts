import { DEFINE_MUTEX, mutex_trylock, mutex_unlock } from 'linux/mutex'
import { KLAB, KLAB_PROBE } from './klab'

const m = DEFINE_MUTEX('m')
function probe() {
  mutex_unlock(m)
  KLAB('unlock', 'returned=1')
  KLAB('trylock', 'ret=%d', mutex_trylock(m))
  mutex_unlock(m)
}
KLAB_PROBE('lock-unlock-not-held', probe)
