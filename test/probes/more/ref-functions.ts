import { refcount_add_not_zero, refcount_dec, refcount_dec_and_test, refcount_dec_not_one, refcount_inc, refcount_inc_not_zero, refcount_read, refcount_set, refcount_sub_and_test, refcount_t, REFCOUNT_INIT, refcount_dec_if_one, refcount_add, refcount_dec_and_mutex_lock, refcount_dec_and_lock } from 'linux/refcount'
import { kref, kref_get, kref_get_unless_zero, kref_init, kref_put, kref_put_mutex, kref_read } from 'linux/kref'
import { atomic_add_return, atomic_add_unless, atomic_cmpxchg, atomic_dec_and_test, atomic_fetch_add, atomic_inc_not_zero, atomic_inc_return, atomic_read, atomic_set, atomic_sub_return, atomic_t, atomic_xchg, ATOMIC_INIT, atomic_dec_if_positive } from 'linux/atomic'
import { DEFINE_MUTEX, mutex_is_locked, mutex_unlock } from 'linux/mutex'
import { DEFINE_SPINLOCK, spin_is_locked, spin_unlock } from 'linux/spinlock'
import { container_of } from 'linux/container_of'
import { GFP_KERNEL, kfree, kzalloc } from 'linux/slab'
import { KLAB, KLAB_PROBE } from './klab'

const m = DEFINE_MUTEX('m')
const s = DEFINE_SPINLOCK('s')
class obj {
  k = new kref()
  r = new refcount_t()
  a = new atomic_t()
}
function rel(k: kref) {
  KLAB('release', 'n=%u', kref_read(k))
  kfree(container_of(k, obj, 'k'))
}
function probe() {
  const o = kzalloc(obj, GFP_KERNEL)!
  refcount_set(o.r, 1)
  KLAB('ref', 'dec_not_one=%d inc_nz=%d', refcount_dec_not_one(o.r), refcount_inc_not_zero(o.r))
  KLAB('ref', 'sub=%d read=%u', refcount_sub_and_test(1, o.r), refcount_read(o.r))
  KLAB('ref', 'if_one=%d read=%u', refcount_dec_if_one(o.r), refcount_read(o.r))
  KLAB('ref', 'inc_nz=%d add_nz=%d', refcount_inc_not_zero(o.r), refcount_add_not_zero(2, o.r))
  refcount_set(o.r, 1)
  KLAB('ref', 'dec_lock=%d locked=%d', refcount_dec_and_mutex_lock(o.r, m), mutex_is_locked(m))
  mutex_unlock(m)
  refcount_set(o.r, 2)
  KLAB('ref', 'dec_lock=%d locked=%d', refcount_dec_and_lock(o.r, s), spin_is_locked(s))
  refcount_set(o.r, 1)
  refcount_dec(o.r)
  KLAB('ref', 'dec_to_0=%u', refcount_read(o.r))
  refcount_inc(o.r)
  KLAB('ref', 'after_inc_of_0=%x', refcount_read(o.r))
  atomic_set(o.a, 5)
  KLAB('atomic', 'add_ret=%d fetch_add=%d xchg=%d', atomic_add_return(2, o.a), atomic_fetch_add(3, o.a), atomic_xchg(o.a, 1))
  KLAB('atomic', 'cmpxchg=%d now=%d unless=%d', atomic_cmpxchg(o.a, 1, 9), atomic_read(o.a), atomic_add_unless(o.a, 1, 9))
  KLAB('atomic', 'sub_ret=%d dec_test=%d if_pos=%d', atomic_sub_return(8, o.a), atomic_dec_and_test(o.a), atomic_dec_if_positive(o.a))
  kref_init(o.k)
  kref_get(o.k)
  KLAB('kref', 'unless=%d put=%d', kref_get_unless_zero(o.k), kref_put(o.k, rel))
  KLAB('kref', 'put=%d', kref_put(o.k, rel))
  KLAB('kref', 'put=%d', kref_put(o.k, rel))
}
KLAB_PROBE('ref-functions', probe)
