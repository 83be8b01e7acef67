import { HZ, jiffies, time_before } from 'linux/jiffies'
import { mod_timer, mod_timer_pending, timer_delete, timer_delete_sync, timer_delete_sync_try, timer_list, timer_pending, timer_reduce, timer_setup } from 'linux/timer'
import { KLAB, KLAB_PROBE } from './klab'

function fn(t: timer_list) {}
const t = new timer_list()
function probe() {
  timer_setup(t, fn, 0)
  KLAB('setup', 'pending=%d', timer_pending(t))
  KLAB('delete', 'inactive=%d', timer_delete(t))
  KLAB('mod', 'inactive=%d pending=%d', mod_timer(t, jiffies + 100 * HZ), timer_pending(t))
  KLAB('mod', 'active=%d', mod_timer(t, jiffies + 200 * HZ))
  KLAB('mod', 'same_expiry=%d', mod_timer(t, t.expires))
  KLAB('delete', 'active=%d pending=%d', timer_delete(t), timer_pending(t))
  KLAB('mod_pending', 'inactive=%d pending=%d', mod_timer_pending(t, jiffies + 100 * HZ), timer_pending(t))
  KLAB('reduce', 'inactive=%d pending=%d', timer_reduce(t, jiffies + 100 * HZ), timer_pending(t))
  KLAB('reduce', 'earlier=%d', timer_reduce(t, jiffies + 50 * HZ))
  KLAB('reduce', 'later=%d near_50s=%d', timer_reduce(t, jiffies + 500 * HZ), time_before(t.expires, jiffies + 60 * HZ))
  KLAB('mod_pending', 'active=%d', mod_timer_pending(t, jiffies + 100 * HZ))
  KLAB('delete_sync', 'active=%d', timer_delete_sync(t))
  KLAB('delete_sync', 'inactive=%d try=%d', timer_delete_sync(t), timer_delete_sync_try(t))
}
KLAB_PROBE('tmr-return-values', probe)
