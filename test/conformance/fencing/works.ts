import type { Sim } from '../../../src-sim/engine/suspend'
import * as kt from '../../../src-sim/linux/kthread'
import * as wq from '../../../src-sim/linux/workqueue'
import { sim } from '../../sim/harness'
import { ATOMIC, SLEEPS, gen, rows, type Mechanism } from './mechanism'

/** Work items of workqueues and of threads that serve a queue. */

const work = rows(
  'work',
  SLEEPS,
  function* (callback) {
    return wq.DECLARE_WORK('work', gen(callback))
  },
  (w) => wq.schedule_work(w),
  {
    disable_work: wq.disable_work,
    cancel_work: wq.cancel_work,
    flush_work: wq.flush_work,
    cancel_work_sync: wq.cancel_work_sync,
    disable_work_sync: wq.disable_work_sync,
  },
)

const bhWork = rows(
  'bottom-half work',
  ATOMIC,
  function* (callback) {
    return wq.DECLARE_WORK('work', gen(callback))
  },
  (w) => wq.queue_work(wq.system_bh_wq, w),
  {
    disable_work: wq.disable_work,
    flush_work: wq.flush_work,
    cancel_work_sync: wq.cancel_work_sync,
    disable_work_sync: wq.disable_work_sync,
  },
)

const delayedWork = rows(
  'delayed work',
  SLEEPS,
  function* (callback) {
    return wq.DECLARE_DELAYED_WORK('work', gen(callback))
  },
  (w) => wq.schedule_delayed_work(w, 1),
  {
    disable_delayed_work: wq.disable_delayed_work,
    cancel_delayed_work: wq.cancel_delayed_work,
    flush_delayed_work: wq.flush_delayed_work,
    cancel_delayed_work_sync: wq.cancel_delayed_work_sync,
    disable_delayed_work_sync: wq.disable_delayed_work_sync,
  },
)

const rcuWork = rows(
  'rcu_work',
  SLEEPS,
  function* (callback) {
    const work = new wq.rcu_work()
    wq.INIT_RCU_WORK(work, gen(callback))
    return { work, queue: wq.alloc_workqueue('q', wq.WQ_UNBOUND, 0)! }
  },
  ({ work, queue }) => wq.queue_rcu_work(queue, work),
  { flush_rcu_work: ({ work }) => wq.flush_rcu_work(work) },
)

const workqueue = rows(
  'workqueue',
  SLEEPS,
  function* (callback) {
    const queue = wq.alloc_workqueue('q', wq.WQ_UNBOUND, 0)!
    return { queue, work: wq.DECLARE_WORK('work', gen(callback)) }
  },
  ({ work, queue }) => wq.queue_work(queue, work),
  {
    flush_workqueue: ({ queue }) => wq.flush_workqueue(queue),
    drain_workqueue: ({ queue }) => wq.drain_workqueue(queue),
    destroy_workqueue: ({ queue }) => wq.destroy_workqueue(queue),
  },
)

const threadWork = rows(
  'work of a thread',
  SLEEPS,
  function* (callback) {
    const worker = (yield* sim(kt.kthread_run_worker(0, 'worker'))) as kt.kthread_worker
    const work = new kt.kthread_work()
    kt.kthread_init_work(work, gen(callback))
    return { worker, work }
  },
  ({ worker, work }) => kt.kthread_queue_work(worker, work),
  {
    kthread_flush_work: ({ work }) => kt.kthread_flush_work(work),
    kthread_flush_worker: ({ worker }) => kt.kthread_flush_worker(worker),
    kthread_cancel_work_sync: ({ work }) => kt.kthread_cancel_work_sync(work),
    kthread_destroy_worker: ({ worker }) => kt.kthread_destroy_worker(worker),
  },
)

/** A thread that runs its function once for each wake-up. */
const thread = rows(
  'kernel thread',
  SLEEPS,
  function* (callback) {
    const state = { asked: false }
    const task = (yield* sim(
      kt.kthread_run(
        gen(function* (): Sim<number> {
          while (!kt.kthread_should_stop()) {
            if (kt.kthread_should_park()) yield* sim(kt.kthread_parkme())
            kt.set_current_state(kt.TASK_INTERRUPTIBLE)
            const run = state.asked
            state.asked = false
            if (run) {
              kt.__set_current_state(kt.TASK_RUNNING)
              yield* callback()
            } else if (kt.kthread_should_stop() || kt.kthread_should_park())
              kt.__set_current_state(kt.TASK_RUNNING)
            else yield* sim(kt.schedule())
          }
          return 0
        }),
        null,
        'thread',
      ),
    )) as kt.task_struct
    return { state, task }
  },
  ({ state, task }) => {
    state.asked = true
    return kt.wake_up_process(task)
  },
  {
    kthread_park: ({ task }) => kt.kthread_park(task),
    kthread_stop: ({ task }) => kt.kthread_stop(task),
  },
)

export const WORKS: Mechanism[] = [
  ...work, ...delayedWork, ...bhWork, ...rcuWork, ...workqueue, ...threadWork, ...thread,
]
