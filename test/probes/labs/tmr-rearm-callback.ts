import { msleep } from 'linux/delay'
import { jiffies } from 'linux/jiffies'
import { mod_timer, timer_list, timer_pending, timer_setup } from 'linux/timer'
import { KLAB, KLAB_PROBE } from './klab'

let runs = 0
function fn(t: timer_list) {
  runs++
  KLAB('fn', 'run=%d pending=%d', runs, timer_pending(t))
  if (runs < 4) KLAB('fn', 'mod=%d pending=%d', mod_timer(t, jiffies + 5), timer_pending(t))
}
const t = new timer_list()
function probe() {
  timer_setup(t, fn, 0)
  mod_timer(t, jiffies + 2)
  msleep(800)
  KLAB('later', 'runs=%d pending=%d', runs, timer_pending(t))
}
KLAB_PROBE('tmr-rearm-callback', probe)
