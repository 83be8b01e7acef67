import { jiffies, HZ } from 'linux/jiffies'
import { mod_timer, timer_list, timer_setup } from 'linux/timer'
import { KLAB, KLAB_PROBE_EXIT } from './klab'
const t = new timer_list()
function fn(x: timer_list) { KLAB('fn', 'ran=1') }
function probe() { timer_setup(t, fn, 0); mod_timer(t, jiffies + HZ / 10) }
function bye() { KLAB('exit', 'called=1') }
KLAB_PROBE_EXIT('mod-timer-left', probe, bye)
