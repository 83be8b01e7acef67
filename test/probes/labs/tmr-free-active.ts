import { msleep } from 'linux/delay'
import { HZ, jiffies } from 'linux/jiffies'
import { GFP_KERNEL, kfree, kzalloc } from 'linux/slab'
import { mod_timer, timer_list, timer_setup } from 'linux/timer'
import { KLAB, KLAB_PROBE } from './klab'

class obj {
  t = new timer_list()
}
let ran = 0
function fn(t: timer_list) {
  ran = 1
}
function probe() {
  const o = kzalloc(obj, GFP_KERNEL)!
  timer_setup(o.t, fn, 0)
  mod_timer(o.t, jiffies + 3 * HZ)
  kfree(o)
  KLAB('freed', 'ran=%d', ran)
  msleep(4000)
  KLAB('later', 'ran=%d', ran)
}
KLAB_PROBE('tmr-free-active', probe)
