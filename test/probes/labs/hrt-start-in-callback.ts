import { msleep } from 'linux/delay'
import { CLOCK_MONOTONIC, HRTIMER_MODE_REL, HRTIMER_NORESTART, hrtimer, hrtimer_active, hrtimer_is_queued, hrtimer_setup, hrtimer_start } from 'linux/hrtimer'
import { ms_to_ktime } from 'linux/ktime'
import { KLAB, KLAB_PROBE } from './klab'

let runs = 0
const h = new hrtimer()
function fn(t: hrtimer) {
  runs++
  if (runs < 3) {
    hrtimer_start(t, ms_to_ktime(10), HRTIMER_MODE_REL)
    KLAB('fn', 'run=%d queued_after_start=%d', runs, hrtimer_is_queued(t))
  }
  return HRTIMER_NORESTART
}
function probe() {
  hrtimer_setup(h, fn, CLOCK_MONOTONIC, HRTIMER_MODE_REL)
  hrtimer_start(h, ms_to_ktime(10), HRTIMER_MODE_REL)
  msleep(300)
  KLAB('later', 'runs=%d active=%d', runs, hrtimer_active(h))
}
KLAB_PROBE('hrt-start-in-callback', probe)
