import { container_of } from 'linux/container_of'
import { kref, kref_get, kref_init, kref_put } from 'linux/kref'
import { GFP_KERNEL, kfree, kzalloc } from 'linux/slab'
import { KLAB, KLAB_PROBE } from './klab'

class obj {
  k = new kref()
  x = 0
}
function rel(k: kref) {
  kfree(container_of(k, obj, 'k'))
}
function probe() {
  const o = kzalloc(obj, GFP_KERNEL)!
  kref_init(o.k)
  const r = kref_put(o.k, rel)
  KLAB('put', 'ret=%d', r)
  kref_get(o.k)
  KLAB('get', 'returned=1')
}
KLAB_PROBE('kref-use-after-release', probe)
