import { jiffies } from 'linux/jiffies'
import { add_timer, timer_list, timer_setup } from 'linux/timer'
import { DEFINE_MUTEX, mutex_lock, mutex_unlock } from 'linux/mutex'
import { msleep } from 'linux/delay'
import { KLAB, KLAB_PROBE } from './klab'
const t = new timer_list()
const m = DEFINE_MUTEX('m')
function fn(x: timer_list) { mutex_lock(m); KLAB('fn', 'locked=1'); mutex_unlock(m) }
function probe() { timer_setup(t, fn, 0); t.expires = jiffies + 2; add_timer(t); msleep(100) }
KLAB_PROBE('tmr-sleeps', probe)
