import { msleep } from 'linux/delay'
import { CLOCK_MONOTONIC, HRTIMER_MODE_REL, HRTIMER_NORESTART, hrtimer, hrtimer_setup, hrtimer_start } from 'linux/hrtimer'
import { ms_to_ktime } from 'linux/ktime'
import { GFP_KERNEL, kfree, kzalloc } from 'linux/slab'
import { KLAB, KLAB_PROBE } from './klab'

class obj {
  h = new hrtimer()
}
let ran = 0
function fn(t: hrtimer) {
  ran = 1
  return HRTIMER_NORESTART
}
function probe() {
  const o = kzalloc(obj, GFP_KERNEL)!
  hrtimer_setup(o.h, fn, CLOCK_MONOTONIC, HRTIMER_MODE_REL)
  hrtimer_start(o.h, ms_to_ktime(3000), HRTIMER_MODE_REL)
  kfree(o)
  KLAB('freed', 'ran=%d', ran)
  msleep(4000)
  KLAB('later', 'ran=%d', ran)
}
KLAB_PROBE('hrt-free-active', probe)
