import { refcount_dec_and_test, refcount_read, refcount_set, refcount_t } from 'linux/refcount'
import { KLAB, KLAB_PROBE } from './klab'

function probe() {
  const r = new refcount_t()
  refcount_set(r, 1)
  KLAB('dec', 'and_test=%d value=0x%x', refcount_dec_and_test(r), refcount_read(r))
  KLAB('dec', 'and_test=%d value=0x%x', refcount_dec_and_test(r), refcount_read(r))
  KLAB('dec', 'and_test=%d value=0x%x', refcount_dec_and_test(r), refcount_read(r))
}
KLAB_PROBE('ref-underflow', probe)
