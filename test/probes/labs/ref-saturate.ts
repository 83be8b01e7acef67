import { INT_MAX } from 'linux/limits'
import { REFCOUNT_SATURATED, refcount_dec_and_test, refcount_inc, refcount_read, refcount_set, refcount_t } from 'linux/refcount'
import { KLAB, KLAB_PROBE } from './klab'

function probe() {
  const r = new refcount_t()
  refcount_set(r, INT_MAX - 1)
  refcount_inc(r)
  KLAB('inc', 'value=0x%x', refcount_read(r))
  refcount_inc(r)
  KLAB('inc', 'value=0x%x saturated=%d', refcount_read(r), refcount_read(r) === REFCOUNT_SATURATED)
  KLAB('dec', 'and_test=%d value=0x%x', refcount_dec_and_test(r), refcount_read(r))
  refcount_inc(r)
  KLAB('inc', 'value=0x%x', refcount_read(r))
}
KLAB_PROBE('ref-saturate', probe)
