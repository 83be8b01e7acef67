import { add_timer, DEFINE_TIMER, del_timer_sync, from_timer, mod_timer, mod_timer_pending, timer_container_of, timer_delete, timer_delete_sync, timer_list, timer_pending, timer_reduce, timer_setup, timer_shutdown, timer_shutdown_sync } from 'linux/timer'
import { HZ, jiffies, time_after, time_before } from 'linux/jiffies'
import { hrtimer, hrtimer_active, hrtimer_cancel, hrtimer_forward_now, HRTIMER_MODE_REL, HRTIMER_NORESTART, HRTIMER_RESTART, hrtimer_restart, hrtimer_setup, hrtimer_start, hrtimer_try_to_cancel } from 'linux/hrtimer'
import { CLOCK_MONOTONIC, ms_to_ktime, ktime_set, ktime_to_ms, ktime_get, ktime_sub } from 'linux/ktime'
import { in_softirq, in_serving_softirq, in_hardirq } from 'linux/preempt'
import { msleep, mdelay, udelay } from 'linux/delay'
import { KLAB, KLAB_PROBE } from './klab'

class obj {
  t = new timer_list()
  h = new hrtimer()
  n = 0
}
const o = new obj()
function tfn(t: timer_list) {
  const p = timer_container_of(obj, t, 't')
  p.n++
  KLAB('tfn', 'n=%d softirq=%d pending=%d', p.n, !!in_serving_softirq(), timer_pending(t))
}
function hfn(h: hrtimer): hrtimer_restart {
  o.n++
  hrtimer_forward_now(h, ms_to_ktime(10))
  return o.n < 5 ? HRTIMER_RESTART : HRTIMER_NORESTART
}
function probe() {
  timer_setup(o.t, tfn, 0)
  KLAB('mod', 'pending_only=%d', mod_timer_pending(o.t, jiffies + 1))
  KLAB('mod', 'new=%d', mod_timer(o.t, jiffies + HZ))
  KLAB('mod', 'reduce_later=%d', timer_reduce(o.t, jiffies + 2 * HZ))
  KLAB('mod', 'reduce=%d', timer_reduce(o.t, jiffies + 1))
  msleep(30)
  KLAB('del', 'idle=%d', timer_delete(o.t))
  o.t.expires = jiffies + HZ
  add_timer(o.t)
  KLAB('del', 'sync=%d', timer_delete_sync(o.t))
  mod_timer(o.t, jiffies + HZ)
  KLAB('shutdown', 'sync=%d', timer_shutdown_sync(o.t))
  KLAB('mod', 'after_shutdown=%d pending=%d', mod_timer(o.t, jiffies + 1), timer_pending(o.t))
  msleep(30)
  KLAB('n', 'n=%d', o.n)
  hrtimer_setup(o.h, hfn, CLOCK_MONOTONIC, HRTIMER_MODE_REL)
  hrtimer_start(o.h, ms_to_ktime(5), HRTIMER_MODE_REL)
  KLAB('hr', 'active=%d', hrtimer_active(o.h))
  msleep(100)
  KLAB('hr', 'n=%d active=%d cancel=%d try=%d', o.n, hrtimer_active(o.h), hrtimer_cancel(o.h), hrtimer_try_to_cancel(o.h))
}
KLAB_PROBE('tmr-functions', probe)
