import { SINGLE_DEPTH_NESTING } from 'linux/lockdep'
import { mutex, mutex_init, mutex_lock, mutex_lock_nested, mutex_unlock } from 'linux/mutex'
import { KLAB, KLAB_PROBE } from './klab'

const m = [new mutex(), new mutex()]
function probe() {
  for (let k = 0; k < 2; k++) mutex_init(m[k])
  mutex_lock(m[0])
  mutex_lock_nested(m[1], SINGLE_DEPTH_NESTING)
  KLAB('nested', 'locked=1')
  mutex_unlock(m[1])
  mutex_unlock(m[0])
  mutex_lock(m[0])
  mutex_lock(m[1])
  KLAB('plain', 'locked=1')
  mutex_unlock(m[1])
  mutex_unlock(m[0])
}
KLAB_PROBE('lock-nested', probe)
