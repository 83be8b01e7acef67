import { msleep } from 'linux/delay'
import { HZ, jiffies } from 'linux/jiffies'
import { GFP_KERNEL, kzalloc } from 'linux/slab'
import { mod_timer, timer_list, timer_pending } from 'linux/timer'
import { KLAB, KLAB_PROBE } from './klab'

function probe() {
  const t = kzalloc(timer_list, GFP_KERNEL)!
  KLAB('mod', 'ret=%d', mod_timer(t, jiffies + 3 * HZ))
  KLAB('state', 'pending=%d function_set=%d', timer_pending(t), !!t.function)
  msleep(4000)
  KLAB('later', 'pending=%d', timer_pending(t))
}
KLAB_PROBE('tmr-uninitialised', probe)
