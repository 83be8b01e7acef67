import { kref, kref_get, kref_get_unless_zero, kref_init, kref_put, kref_read } from 'linux/kref'
import { KLAB, KLAB_PROBE } from './klab'

let released = 0
function rel(k: kref) {
  released++
  KLAB('release', 'n=%d value=%u', released, kref_read(k))
}
function probe() {
  const k = new kref()
  kref_init(k)
  KLAB('init', 'value=%u', kref_read(k))
  kref_get(k)
  KLAB('put', 'ret=%d value=%u', kref_put(k, rel), kref_read(k))
  KLAB('unless_zero', 'ret=%d', kref_get_unless_zero(k))
  KLAB('put', 'ret=%d', kref_put(k, rel))
  KLAB('put', 'ret=%d', kref_put(k, rel))
  KLAB('unless_zero', 'ret=%d released=%d', kref_get_unless_zero(k), released)
  KLAB('put', 'too_many=%d released=%d value=0x%x', kref_put(k, rel), released, kref_read(k))
}
KLAB_PROBE('kref-release', probe)
