import { cpu_relax } from 'linux/processor'
import { msleep } from 'linux/delay'
import { jiffies } from 'linux/jiffies'
import { kthread_stop } from 'linux/kthread'
import { add_timer_on, TIMER_PINNED, timer_delete, timer_delete_sync, timer_delete_sync_try, timer_list, timer_pending, timer_setup } from 'linux/timer'
import { READ_ONCE, WRITE_ONCE } from 'linux/compiler'
import { KLAB, KLAB_PROBE, klab_on, klab_spin_ms } from './klab'

const s = { started: 0, go: 0, done: 0 }
function fn(t: timer_list) {
  KLAB('fn', 'pending_inside=%d', timer_pending(t))
  WRITE_ONCE(s, 'started', 1)
  while (!READ_ONCE(s, 'go')) cpu_relax()
  klab_spin_ms(30)
  WRITE_ONCE(s, 'done', 1)
}
const t = new timer_list()
function main_fn(p: null) {
  timer_setup(t, fn, TIMER_PINNED)
  t.expires = jiffies + 2
  add_timer_on(t, 1)
  while (!READ_ONCE(s, 'started')) cpu_relax()
  KLAB('running', 'pending=%d', timer_pending(t))
  KLAB('running', 'delete=%d', timer_delete(t))
  KLAB('running', 'delete_sync_try=%d', timer_delete_sync_try(t))
  WRITE_ONCE(s, 'go', 1)
  const r = timer_delete_sync(t)
  KLAB('running', 'delete_sync=%d done=%d', r, READ_ONCE(s, 'done'))
  return 0
}
function probe() {
  const x = klab_on(0, main_fn, null)
  msleep(800)
  kthread_stop(x)
}
KLAB_PROBE('tmr-delete-running', probe)
