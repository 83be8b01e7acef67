import { msleep } from 'linux/delay'
import { EDEADLK } from 'linux/errno'
import { kthread_stop } from 'linux/kthread'
import { DEFINE_WW_CLASS, ww_acquire_ctx, ww_acquire_fini, ww_acquire_init, ww_mutex, ww_mutex_init, ww_mutex_lock, ww_mutex_lock_slow, ww_mutex_unlock } from 'linux/ww_mutex'
import { KLAB, KLAB_PROBE, klab_on } from './klab'

const cls = DEFINE_WW_CLASS('cls')
const a = new ww_mutex()
const b = new ww_mutex()
const old = new ww_acquire_ctx()
function fn(p: null) {
  const young = new ww_acquire_ctx()
  ww_acquire_init(young, cls)
  let r = ww_mutex_lock(b, young)
  KLAB('young', 'lock_b=%d', r)
  r = ww_mutex_lock(a, young)
  KLAB('young', 'lock_a=%d', r)
  msleep(200)
  ww_mutex_unlock(b)
  if (r === -EDEADLK) {
    ww_mutex_lock_slow(a, young)
    KLAB('young', 'slow_a=1')
  }
  ww_mutex_unlock(a)
  ww_acquire_fini(young)
  return 0
}
function probe() {
  ww_mutex_init(a, cls)
  ww_mutex_init(b, cls)
  ww_acquire_init(old, cls)
  let r = ww_mutex_lock(a, old)
  KLAB('old', 'lock_a=%d', r)
  const t = klab_on(1, fn, null)
  msleep(100)
  r = ww_mutex_lock(b, old)
  KLAB('old', 'lock_b=%d', r)
  if (!r) ww_mutex_unlock(b)
  ww_mutex_unlock(a)
  ww_acquire_fini(old)
  msleep(300)
  kthread_stop(t)
}
KLAB_PROBE('ww-wound-wait', probe)
