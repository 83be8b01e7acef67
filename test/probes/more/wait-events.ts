import { DECLARE_WAIT_QUEUE_HEAD, DEFINE_WAIT, finish_wait, init_waitqueue_head, prepare_to_wait, wait_event, wait_event_interruptible, wait_event_interruptible_timeout, wait_event_killable, wait_event_timeout, wait_queue_head_t, wake_up, wake_up_all, wake_up_interruptible, waitqueue_active } from 'linux/wait'
import { kthread_run, kthread_should_stop, kthread_stop } from 'linux/kthread'
import { schedule, schedule_timeout, TASK_INTERRUPTIBLE, TASK_UNINTERRUPTIBLE, __set_current_state, set_current_state, TASK_RUNNING } from 'linux/sched'
import { msleep } from 'linux/delay'
import { HZ } from 'linux/jiffies'
import { IS_ERR, PTR_ERR } from 'linux/err'
import { EINTR } from 'linux/errno'
import { KLAB, KLAB_PROBE } from './klab'

const wq = DECLARE_WAIT_QUEUE_HEAD('wq')
let flag = 0
function worker(data: string) {
  let r = wait_event_interruptible(wq, () => flag)
  KLAB('thread', 'data=%s r=%d flag=%d', data, r, flag)
  const wait = DEFINE_WAIT('wait')
  while (!kthread_should_stop()) {
    prepare_to_wait(wq, wait, TASK_INTERRUPTIBLE)
    if (!kthread_should_stop()) schedule()
    finish_wait(wq, wait)
  }
  KLAB('thread', 'stopping=1')
  return -EINTR
}
function probe() {
  const t = kthread_run(worker, 'abc', 'klab_t%d', 7)
  if (IS_ERR(t)) {
    KLAB('err', 'r=%d', PTR_ERR(t))
    return
  }
  msleep(20)
  KLAB('main', 'comm=%s active=%d', t.comm, waitqueue_active(wq))
  wake_up_interruptible(wq)
  msleep(10)
  flag = 3
  wake_up(wq)
  msleep(10)
  KLAB('main', 'stop=%d', kthread_stop(t))
  KLAB('main', 'timeout=%ld', wait_event_timeout(wq, () => flag === 4, HZ / 10))
  KLAB('main', 'timeout_true=%ld', wait_event_timeout(wq, () => flag === 3, HZ / 10))
  KLAB('main', 'intr=%ld', wait_event_interruptible_timeout(wq, () => flag === 4, 2))
  set_current_state(TASK_UNINTERRUPTIBLE)
  KLAB('main', 'st=%ld', schedule_timeout(5))
  set_current_state(TASK_UNINTERRUPTIBLE)
  __set_current_state(TASK_RUNNING)
  wake_up_all(wq)
}
KLAB_PROBE('wait-events', probe)
