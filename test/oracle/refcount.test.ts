import * as kr from '../../src-sim/linux/kref'
import * as r from '../../src-sim/linux/refcount'
import { kfree, kzalloc, GFP_KERNEL } from '../../src-sim/linux/slab'
import { container_of } from '../../src-sim/linux/container_of'
import type { Sim } from '../../src-sim/engine/suspend'
import { sim } from '../sim/harness'
import { probe } from './harness'

const options = { reports: /^refcount_t: / }

probe('ref-underflow', function* (klab): Sim {
  const c = new r.refcount_t()
  r.refcount_set(c, 1)
  for (let i = 0; i < 3; i++)
    klab('dec', 'and_test=%d value=0x%x', r.refcount_dec_and_test(c), r.refcount_read(c))
}, options)

probe('ref-saturate', function* (klab): Sim {
  const c = new r.refcount_t()
  r.refcount_set(c, 0x7fffffff - 1)
  r.refcount_inc(c)
  klab('inc', 'value=0x%x', r.refcount_read(c))
  r.refcount_inc(c)
  klab(
    'inc',
    'value=0x%x saturated=%d',
    r.refcount_read(c),
    r.refcount_read(c) === r.REFCOUNT_SATURATED,
  )
  klab('dec', 'and_test=%d value=0x%x', r.refcount_dec_and_test(c), r.refcount_read(c))
  r.refcount_inc(c)
  klab('inc', 'value=0x%x', r.refcount_read(c))
}, options)

probe('kref-release', function* (klab): Sim {
  const k = new kr.kref()
  let released = 0
  const rel = (x: kr.kref): void => klab('release', 'n=%d value=%u', ++released, kr.kref_read(x))
  kr.kref_init(k)
  klab('init', 'value=%u', kr.kref_read(k))
  kr.kref_get(k)
  klab('put', 'ret=%d value=%u', yield* sim(kr.kref_put(k, rel)), kr.kref_read(k))
  klab('unless_zero', 'ret=%d', kr.kref_get_unless_zero(k))
  klab('put', 'ret=%d', yield* sim(kr.kref_put(k, rel)))
  klab('put', 'ret=%d', yield* sim(kr.kref_put(k, rel)))
  klab('unless_zero', 'ret=%d released=%d', kr.kref_get_unless_zero(k), released)
  klab(
    'put',
    'too_many=%d released=%d value=0x%x',
    yield* sim(kr.kref_put(k, rel)),
    released,
    kr.kref_read(k),
  )
}, options)

class obj {
  k = new kr.kref()
  x = 0
}

probe('kref-use-after-release', function* (klab): Sim {
  const o = kzalloc(obj, GFP_KERNEL)!
  kr.kref_init(o.k)
  klab('put', 'ret=%d', yield* sim(kr.kref_put(o.k, (k) => kfree(container_of(k, obj, 'k')))))
  kr.kref_get(o.k)
  klab('get', 'returned=1')
}, { ...options, without: /in klab_init/ })
