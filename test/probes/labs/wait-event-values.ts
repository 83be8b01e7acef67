import { msleep } from 'linux/delay'
import { kthread_create, kthread_stop_put } from 'linux/kthread'
import { allow_signal, current, get_task_struct, send_sig, SIGUSR1, wake_up_process } from 'linux/sched'
import { DECLARE_WAIT_QUEUE_HEAD, wait_event_interruptible, wait_event_interruptible_timeout, wait_event_killable, wait_event_timeout } from 'linux/wait'
import { KLAB, KLAB_PROBE } from './klab'

const wq = DECLARE_WAIT_QUEUE_HEAD('wq')
let cond = 0
function fn(p: null) {
  allow_signal(SIGUSR1)
  send_sig(SIGUSR1, current, 1)
  let r = wait_event_interruptible(wq, () => cond)
  KLAB('intr', 'false_with_signal=%d', r)
  const l = wait_event_interruptible_timeout(wq, () => cond, 100)
  KLAB('intr_timeout', 'false_with_signal=%ld', l)
  r = wait_event_killable(wq, () => 1)
  KLAB('killable', 'true=%d', r)
  cond = 1
  r = wait_event_interruptible(wq, () => cond)
  KLAB('intr', 'true_with_signal=%d', r)
  return 0
}
function probe() {
  KLAB('timeout', 'false_5=%ld', wait_event_timeout(wq, () => cond, 5))
  KLAB('timeout', 'false_0=%ld', wait_event_timeout(wq, () => cond, 0))
  cond = 1
  KLAB('timeout', 'true_0=%ld', wait_event_timeout(wq, () => cond, 0))
  KLAB('timeout', 'true_50=%ld', wait_event_timeout(wq, () => cond, 50))
  cond = 0
  const t = kthread_create(fn, null, 'klab')
  get_task_struct(t)
  wake_up_process(t)
  msleep(200)
  kthread_stop_put(t)
}
KLAB_PROBE('wait-event-values', probe)
