import { DEFINE_MUTEX, mutex_lock, mutex_unlock } from 'linux/mutex'
import { DEFINE_SPINLOCK, spin_lock, spin_unlock } from 'linux/spinlock'
import { kmalloc, kfree, GFP_KERNEL, GFP_ATOMIC } from 'linux/slab'
import { KLAB, KLAB_PROBE } from './klab'
const m = DEFINE_MUTEX('m')
const s = DEFINE_SPINLOCK('s')
function probe() {
  spin_lock(s)
  KLAB('atomic', 'kmalloc=%d', !!kmalloc(16, GFP_ATOMIC))
  KLAB('kernel', 'kmalloc=%d', !!kmalloc(16, GFP_KERNEL))
  mutex_lock(m)
  KLAB('mutex', 'locked=1')
  mutex_unlock(m)
  spin_unlock(s)
}
KLAB_PROBE('ctx-wrong', probe)
