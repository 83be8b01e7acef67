import { completion, init_completion, complete, complete_all, completion_done, try_wait_for_completion, wait_for_completion_timeout, wait_for_completion_interruptible_timeout, reinit_completion } from 'linux/completion'
import { INIT_WORK, INIT_DELAYED_WORK, work_struct, delayed_work, queue_work, queue_delayed_work, mod_delayed_work, cancel_work, cancel_work_sync, cancel_delayed_work, cancel_delayed_work_sync, flush_work, flush_delayed_work, work_busy, work_pending, delayed_work_pending, disable_work, disable_work_sync, enable_work, enable_and_queue_work, system_percpu_wq, schedule_work, schedule_delayed_work, alloc_workqueue, alloc_ordered_workqueue, destroy_workqueue, workqueue_congested, queue_work_on, drain_workqueue } from 'linux/workqueue'
import { timer_list, timer_setup, mod_timer, timer_pending, timer_delete, timer_delete_sync, timer_shutdown, timer_shutdown_sync, timer_reduce, mod_timer_pending, add_timer } from 'linux/timer'
import { hrtimer, hrtimer_setup, hrtimer_start, hrtimer_cancel, hrtimer_try_to_cancel, hrtimer_active, hrtimer_is_queued, hrtimer_forward_now, hrtimer_get_remaining, HRTIMER_MODE_REL, HRTIMER_NORESTART, HRTIMER_RESTART, hrtimer_callback_running } from 'linux/hrtimer'
import { CLOCK_MONOTONIC } from 'linux/time'
import { ms_to_ktime, ktime_get } from 'linux/ktime'
import { jiffies, msecs_to_jiffies, HZ } from 'linux/jiffies'
import { kthread_create, kthread_stop, kthread_run, kthread_park, kthread_unpark, kthread_should_park, kthread_parkme, kthread_should_stop, kthread_worker, kthread_work, kthread_delayed_work, kthread_init_work, kthread_init_delayed_work, kthread_create_worker, kthread_queue_work, kthread_queue_delayed_work, kthread_mod_delayed_work, kthread_cancel_work_sync, kthread_cancel_delayed_work_sync, kthread_flush_work, kthread_flush_worker, kthread_destroy_worker } from 'linux/kthread'
import { msleep } from 'linux/delay'
import { tasklet_struct, tasklet_setup, tasklet_schedule, tasklet_kill, tasklet_disable, tasklet_enable } from 'linux/interrupt'
import { KLAB, KLAB_PROBE } from './klab'

const c = new completion()
function nop(w: any) {}
function slow(w: any) { msleep(20) }
function tfn(t: timer_list) { KLAB('timer', 'fired=1') }
function hfn(t: hrtimer) { return HRTIMER_NORESTART }
function thr(d: any) { while (!kthread_should_stop()) { if (kthread_should_park()) kthread_parkme(); msleep(1) } return 7 }
function quick(d: any) { return 9 }
function kw(w: kthread_work) { msleep(5) }
function tl(t: tasklet_struct) { KLAB('tasklet', 'ran=1') }
function probe() {
  init_completion(c)
  KLAB('compl', 'done=%d try=%d', completion_done(c), try_wait_for_completion(c))
  KLAB('compl', 'timeout0=%lu', wait_for_completion_timeout(c, 0))
  KLAB('compl', 'timeout2=%lu', wait_for_completion_timeout(c, 2))
  complete(c)
  complete(c)
  KLAB('compl', 'timeout=%lu done=%u', wait_for_completion_timeout(c, 100), c.done)
  KLAB('compl', 'intr=%ld', wait_for_completion_interruptible_timeout(c, 50))
  complete_all(c)
  complete(c)
  KLAB('compl', 'try=%d done=%u isdone=%d', try_wait_for_completion(c), c.done, completion_done(c))
  reinit_completion(c)
  KLAB('compl', 'isdone=%d', completion_done(c))

  const w = new work_struct()
  INIT_WORK(w, slow)
  KLAB('work', 'cancel=%d sync=%d flush=%d', cancel_work(w), cancel_work_sync(w), flush_work(w))
  KLAB('work', 'q=%d q=%d', schedule_work(w), schedule_work(w))
  msleep(5)
  KLAB('work', 'busy=%u pending=%d q=%d', work_busy(w), work_pending(w), schedule_work(w))
  KLAB('work', 'busy=%u cancel=%d busy=%u', work_busy(w), cancel_work(w), work_busy(w))
  KLAB('work', 'disable=%d q=%d', disable_work(w), schedule_work(w))
  KLAB('work', 'disable_sync=%d', disable_work_sync(w))
  KLAB('work', 'enable=%d enable=%d', enable_work(w), enable_work(w))
  KLAB('work', 'enable=%d', enable_work(w))
  KLAB('work', 'q=%d flush=%d flush=%d', schedule_work(w), flush_work(w), flush_work(w))

  const d = new delayed_work()
  INIT_DELAYED_WORK(d, nop)
  KLAB('dwork', 'mod=%d mod=%d pend=%d', mod_delayed_work(system_percpu_wq, d, 100), mod_delayed_work(system_percpu_wq, d, 200), delayed_work_pending(d))
  KLAB('dwork', 'queue=%d flush=%d flush=%d', queue_delayed_work(system_percpu_wq, d, 0), flush_delayed_work(d), flush_delayed_work(d))
  KLAB('dwork', 'q=%d cancel=%d cancel=%d sync=%d', schedule_delayed_work(d, 10), cancel_delayed_work(d), cancel_delayed_work(d), cancel_delayed_work_sync(d))

  const t = new timer_list()
  timer_setup(t, tfn, 0)
  KLAB('timer', 'pend=%d modp=%d mod=%d mod=%d', timer_pending(t), mod_timer_pending(t, jiffies + 10), mod_timer(t, jiffies + 100), mod_timer(t, jiffies + 100))
  KLAB('timer', 'reduce=%d reduce_later=%d del=%d del=%d', timer_reduce(t, jiffies + 50), timer_reduce(t, jiffies + 500), timer_delete(t), timer_delete_sync(t))
  KLAB('timer', 'reduce=%d', timer_reduce(t, jiffies + 3))
  KLAB('timer', 'shut=%d mod=%d pend=%d shut=%d', timer_shutdown(t), mod_timer(t, jiffies + 1), timer_pending(t), timer_shutdown_sync(t))
  add_timer(t)
  KLAB('timer', 'add=%d', timer_pending(t))

  const h = new hrtimer()
  hrtimer_setup(h, hfn, CLOCK_MONOTONIC, HRTIMER_MODE_REL)
  KLAB('hrt', 'cancel=%d active=%d', hrtimer_cancel(h), hrtimer_active(h))
  hrtimer_start(h, ms_to_ktime(50), HRTIMER_MODE_REL)
  hrtimer_start(h, ms_to_ktime(60), HRTIMER_MODE_REL)
  KLAB('hrt', 'active=%d queued=%d running=%d try=%d try=%d', hrtimer_active(h), hrtimer_is_queued(h), hrtimer_callback_running(h), hrtimer_try_to_cancel(h), hrtimer_try_to_cancel(h))
  KLAB('hrt', 'fwd=%llu', hrtimer_forward_now(h, ms_to_ktime(10)) <= 1)

  const k = kthread_create(thr, null, 'klab')
  KLAB('kth', 'stop_unwoken=%d', kthread_stop(k))
  const k2 = kthread_run(thr, null, 'klab2')
  KLAB('kth', 'park=%d', kthread_park(k2))
  KLAB('kth', 'park_again=%d', kthread_park(k2))
  kthread_unpark(k2)
  KLAB('kth', 'stop=%d', kthread_stop(k2))

  const wk = kthread_create_worker(0, 'klabw')
  const kwk = new kthread_work()
  const kdw = new kthread_delayed_work()
  kthread_init_work(kwk, kw)
  kthread_init_delayed_work(kdw, kw)
  KLAB('kw', 'q=%d q=%d', kthread_queue_work(wk, kwk), kthread_queue_work(wk, kwk))
  kthread_flush_work(kwk)
  KLAB('kw', 'cancel=%d', kthread_cancel_work_sync(kwk))
  KLAB('kw', 'dq=%d mod=%d cancel=%d cancel=%d', kthread_queue_delayed_work(wk, kdw, 50), kthread_mod_delayed_work(wk, kdw, 80), kthread_cancel_delayed_work_sync(kdw), kthread_cancel_delayed_work_sync(kdw))
  KLAB('kw', 'mod_idle=%d', kthread_mod_delayed_work(wk, kdw, 1))
  msleep(20)
  kthread_flush_worker(wk)
  kthread_destroy_worker(wk)

  const tk = new tasklet_struct()
  tasklet_setup(tk, tl)
  tasklet_disable(tk)
  tasklet_schedule(tk)
  tasklet_schedule(tk)
  KLAB('tasklet', 'disabled state=%lu count=%d', tk.state, 1)
  tasklet_enable(tk)
  msleep(1)
  tasklet_kill(tk)

  const o = alloc_ordered_workqueue('klabo', 0)!
  const wq = alloc_workqueue('klabx', 0, 1)!
  KLAB('wq', 'cong=%d', workqueue_congested(0, wq))
  drain_workqueue(o)
  destroy_workqueue(o)
  destroy_workqueue(wq)
}
KLAB_PROBE('wq-answers', probe)
