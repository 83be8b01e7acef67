import type { Sim } from '../../src-sim/engine/suspend'
import { msleep, usleep_range } from '../../src-sim/linux/delay'
import * as k from '../../src-sim/linux/kthread'
import * as sched from '../../src-sim/linux/sched'
import * as w from '../../src-sim/linux/wait'
import { sim } from '../sim/harness'
import { probe } from './harness'

probe('kth-stop-before-run', function* (klab) {
  let entered = 0
  let t = k.kthread_create((() => (entered = 1)) as never, null, 'klab0')
  klab('stop', 'never_woken=%d entered=%d', yield* sim(k.kthread_stop(t)), entered)
  t = k.kthread_create((() => 7) as never, null, 'klab1')
  sched.get_task_struct(t)
  sched.wake_up_process(t)
  yield* sim(msleep(100))
  klab('stop', 'already_exited=%d', yield* sim(k.kthread_stop_put(t)))
  t = k.kthread_run(function* (): Sim<number> {
    let n = 0
    while (!k.kthread_should_stop()) {
      sched.set_current_state(sched.TASK_INTERRUPTIBLE)
      if (!k.kthread_should_stop()) yield* sim(sched.schedule())
      sched.__set_current_state(sched.TASK_RUNNING)
      n++
    }
    return 100 + n
  } as never, null, 'klab2')
  yield* sim(msleep(100))
  klab('stop', 'looping=%d', yield* sim(k.kthread_stop(t)))
})

probe('wait-event-values', function* (klab) {
  const wq = w.DECLARE_WAIT_QUEUE_HEAD('wq')
  let cond = 0
  const is = (): number => cond
  klab('timeout', 'false_5=%ld', yield* sim(w.wait_event_timeout(wq, is, 5)))
  klab('timeout', 'false_0=%ld', yield* sim(w.wait_event_timeout(wq, is, 0)))
  cond = 1
  klab('timeout', 'true_0=%ld', yield* sim(w.wait_event_timeout(wq, is, 0)))
  klab('timeout', 'true_50=%ld', yield* sim(w.wait_event_timeout(wq, is, 50)))
  cond = 0
  const t = k.kthread_create(function* (): Sim<number> {
    sched.allow_signal(sched.SIGUSR1)
    sched.send_sig(sched.SIGUSR1, sched.get_current(), 1)
    klab('intr', 'false_with_signal=%d', yield* sim(w.wait_event_interruptible(wq, is)))
    klab(
      'intr_timeout',
      'false_with_signal=%ld',
      yield* sim(w.wait_event_interruptible_timeout(wq, is, 100)),
    )
    klab('killable', 'true=%d', yield* sim(w.wait_event_killable(wq, () => 1)))
    cond = 1
    klab('intr', 'true_with_signal=%d', yield* sim(w.wait_event_interruptible(wq, is)))
    return 0
  } as never, null, 'klab')
  sched.get_task_struct(t)
  sched.wake_up_process(t)
  yield* sim(msleep(200))
  yield* sim(k.kthread_stop_put(t))
})

probe('wait-exclusive', function* (klab) {
  const wq = w.DECLARE_WAIT_QUEUE_HEAD('wq')
  const token = [0, 0, 0, 0, 0]
  let woke = 0
  for (let n = 0; n < 5; n++) {
    const t = k.kthread_create(function* (): Sim<number> {
      const entry = w.DEFINE_WAIT()
      if (n < 3) w.prepare_to_wait_exclusive(wq, entry, sched.TASK_UNINTERRUPTIBLE)
      else w.prepare_to_wait(wq, entry, sched.TASK_UNINTERRUPTIBLE)
      token[n] = 1
      yield* sim(sched.schedule())
      w.finish_wait(wq, entry)
      woke |= 1 << n
      return 0
    } as never, null, 'klab%ld', n)
    k.kthread_bind(t, 0)
    sched.wake_up_process(t)
    while (!token[n]) yield* sim(usleep_range(900, 1100))
  }
  yield* sim(msleep(20))
  for (let n = 0; n < 3; n++) {
    yield* sim(w.wake_up(wq))
    yield* sim(msleep(100))
    klab('wake_up', 'n=%ld woken_mask=0x%x active=%d', n + 1, woke, w.waitqueue_active(wq))
  }
})
