import { msleep } from 'linux/delay'
import { jiffies } from 'linux/jiffies'
import { add_timer_on, TIMER_PINNED, timer_delete_sync, timer_list, timer_setup } from 'linux/timer'
import { KLAB, KLAB_PROBE, klab_on, klab_spin_ms } from './klab'

let returned = 0
function fn(t: timer_list) {
  KLAB('fn', 'before=1')
  timer_delete_sync(t)
  returned = 1
  KLAB('fn', 'after=1')
}
const t = new timer_list()
function main_fn(p: null) {
  timer_setup(t, fn, TIMER_PINNED)
  t.expires = jiffies + 2
  add_timer_on(t, 1)
  klab_spin_ms(1500)
  KLAB('later', 'returned=%d', returned)
  return 0
}
function probe() {
  klab_on(0, main_fn, null)
  msleep(3000)
}
KLAB_PROBE('tmr-delete-sync-self', probe)
