import { msleep } from 'linux/delay'
import { percpu_ref, percpu_ref_exit, percpu_ref_get, percpu_ref_init, percpu_ref_is_dying, percpu_ref_is_zero, percpu_ref_kill, percpu_ref_kill_and_confirm, percpu_ref_put, percpu_ref_reinit, percpu_ref_tryget, percpu_ref_tryget_live } from 'linux/percpu-refcount'
import { GFP_KERNEL } from 'linux/slab'
import { KLAB, KLAB_PROBE } from './klab'

const ref = new percpu_ref()
function rel(r: percpu_ref) {
  KLAB('release', 'same=%d zero=%d', r === ref, percpu_ref_is_zero(r))
}
function confirm(r: percpu_ref) {
  KLAB('confirm', 'dying=%d', percpu_ref_is_dying(r))
}
function probe() {
  KLAB('init', 'ret=%d', percpu_ref_init(ref, rel, 0, GFP_KERNEL))
  percpu_ref_get(ref)
  KLAB('live', 'tryget=%d live=%d dying=%d zero=%d', percpu_ref_tryget(ref), percpu_ref_tryget_live(ref), percpu_ref_is_dying(ref), percpu_ref_is_zero(ref))
  percpu_ref_kill_and_confirm(ref, confirm)
  KLAB('killed', 'live=%d dying=%d zero=%d', percpu_ref_tryget_live(ref), percpu_ref_is_dying(ref), percpu_ref_is_zero(ref))
  percpu_ref_put(ref)
  percpu_ref_put(ref)
  msleep(100)
  KLAB('counting', 'tryget=%d', percpu_ref_tryget(ref))
  percpu_ref_put(ref)
  percpu_ref_put(ref)
  KLAB('gone', 'tryget=%d live=%d', percpu_ref_tryget(ref), percpu_ref_tryget_live(ref))
  percpu_ref_reinit(ref)
  KLAB('again', 'live=%d', percpu_ref_tryget_live(ref))
  percpu_ref_put(ref)
  percpu_ref_kill(ref)
  msleep(100)
  percpu_ref_exit(ref)
}
KLAB_PROBE('ref-percpu', probe)
