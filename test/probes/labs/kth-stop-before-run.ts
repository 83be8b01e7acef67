import { msleep } from 'linux/delay'
import { kthread_create, kthread_run, kthread_should_stop, kthread_stop, kthread_stop_put } from 'linux/kthread'
import { __set_current_state, get_task_struct, schedule, set_current_state, TASK_INTERRUPTIBLE, TASK_RUNNING, wake_up_process } from 'linux/sched'
import { KLAB, KLAB_PROBE } from './klab'

let entered = 0
function fn(p: null) {
  entered = 1
  return 5
}
function fn7(p: null) {
  return 7
}
function loop(p: null) {
  let n = 0
  while (!kthread_should_stop()) {
    set_current_state(TASK_INTERRUPTIBLE)
    if (!kthread_should_stop()) schedule()
    __set_current_state(TASK_RUNNING)
    n++
  }
  return 100 + n
}
function probe() {
  let t = kthread_create(fn, null, 'klab0')
  let r = kthread_stop(t)
  KLAB('stop', 'never_woken=%d entered=%d', r, entered)
  t = kthread_create(fn7, null, 'klab1')
  get_task_struct(t)
  wake_up_process(t)
  msleep(100)
  KLAB('stop', 'already_exited=%d', kthread_stop_put(t))
  t = kthread_run(loop, null, 'klab2')
  msleep(100)
  r = kthread_stop(t)
  KLAB('stop', 'looping=%d', r)
}
KLAB_PROBE('kth-stop-before-run', probe)
