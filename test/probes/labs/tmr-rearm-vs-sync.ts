import { cpu_relax } from 'linux/processor'
import { READ_ONCE, WRITE_ONCE } from 'linux/compiler'
import { msleep } from 'linux/delay'
import { HZ, jiffies } from 'linux/jiffies'
import { kthread_stop } from 'linux/kthread'
import { add_timer_on, mod_timer, TIMER_PINNED, timer_delete_sync, timer_list, timer_pending, timer_setup, timer_shutdown_sync } from 'linux/timer'
import { KLAB, KLAB_PROBE, klab_on, klab_spin_ms } from './klab'

const s = { started: 0, go: 0, rearm: 0 }
function fn(t: timer_list) {
  WRITE_ONCE(s, 'started', 1)
  while (!READ_ONCE(s, 'go')) cpu_relax()
  klab_spin_ms(50)
  WRITE_ONCE(s, 'rearm', mod_timer(t, jiffies + 100 * HZ))
}
const t = new timer_list()
function arm() {
  s.started = s.go = 0
  s.rearm = -1
  t.expires = jiffies + 2
  add_timer_on(t, 1)
  while (!READ_ONCE(s, 'started')) cpu_relax()
  WRITE_ONCE(s, 'go', 1)
}
function main_fn(p: null) {
  timer_setup(t, fn, TIMER_PINNED)
  arm()
  let r = timer_delete_sync(t)
  KLAB('delete_sync', 'ret=%d rearm_in_cb=%d pending=%d', r, s.rearm, timer_pending(t))
  arm()
  r = timer_shutdown_sync(t)
  KLAB('shutdown_sync', 'ret=%d rearm_in_cb=%d pending=%d', r, s.rearm, timer_pending(t))
  return 0
}
function probe() {
  const x = klab_on(0, main_fn, null)
  msleep(1200)
  kthread_stop(x)
}
KLAB_PROBE('tmr-rearm-vs-sync', probe)
