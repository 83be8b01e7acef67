import { msleep } from 'linux/delay'
import { kthread_bind, kthread_create } from 'linux/kthread'
import { schedule, TASK_UNINTERRUPTIBLE, wake_up_process } from 'linux/sched'
import { DECLARE_WAIT_QUEUE_HEAD, DEFINE_WAIT, finish_wait, prepare_to_wait, prepare_to_wait_exclusive, waitqueue_active, wake_up } from 'linux/wait'
import { KLAB, KLAB_PROBE, KLAB_UNTIL } from './klab'

const wq = DECLARE_WAIT_QUEUE_HEAD('wq')
const token = [0, 0, 0, 0, 0]
let woke = 0
function fn(n: number) {
  const w = DEFINE_WAIT('w')
  if (n < 3) prepare_to_wait_exclusive(wq, w, TASK_UNINTERRUPTIBLE)
  else prepare_to_wait(wq, w, TASK_UNINTERRUPTIBLE)
  token[n] = 1
  schedule()
  finish_wait(wq, w)
  woke |= 1 << n
  return 0
}
function probe() {
  for (let k = 0; k < 5; k++) {
    const t = kthread_create(fn, k, 'klab%ld', k)
    kthread_bind(t, 0)
    wake_up_process(t)
    KLAB_UNTIL(() => token[k])
  }
  msleep(20)
  for (let k = 0; k < 3; k++) {
    wake_up(wq)
    msleep(100)
    KLAB('wake_up', 'n=%ld woken_mask=0x%x active=%d', k + 1, woke, waitqueue_active(wq))
  }
}
KLAB_PROBE('wait-exclusive', probe)
