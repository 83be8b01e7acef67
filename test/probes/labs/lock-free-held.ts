import { mutex, mutex_init, mutex_lock } from 'linux/mutex'
import { GFP_KERNEL, kfree, kzalloc } from 'linux/slab'
import { KLAB, KLAB_PROBE } from './klab'

class obj {
  m = new mutex()
}
function probe() {
  const o = kzalloc(obj, GFP_KERNEL)!
  mutex_init(o.m)
  mutex_lock(o.m)
  kfree(o)
  KLAB('freed', 'returned=1')
}
KLAB_PROBE('lock-free-held', probe)
