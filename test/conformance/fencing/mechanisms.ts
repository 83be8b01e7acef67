import { machine } from '../../../src-sim/engine/current'
import type { Sim } from '../../../src-sim/engine/suspend'
import { allocIrqs, raiseIrq } from '../../../src-sim/kernel/irq/lines'
import * as hrt from '../../../src-sim/linux/hrtimer'
import * as irq from '../../../src-sim/linux/interrupt'
import * as iw from '../../../src-sim/linux/irq_work'
import { jiffies } from '../../../src-sim/linux/jiffies'
import * as kt from '../../../src-sim/linux/kthread'
import * as nb from '../../../src-sim/linux/notifier'
import * as rcu from '../../../src-sim/linux/rcupdate'
import * as srcu from '../../../src-sim/linux/srcu'
import * as tmr from '../../../src-sim/linux/timer'
import * as wq from '../../../src-sim/linux/workqueue'
import { sim } from '../../sim/harness'

/** A callback of some mechanism, ready to be started and to be fenced. */
export interface Armed {
  /** Makes the callback run soon. What it answers says whether it was accepted. */
  start(): Sim<unknown>
  fence(): Sim<unknown>
}

/** One row of the table: a mechanism with one call that fences it. */
export interface Mechanism {
  mechanism: string
  fence: string
  /** Sets it up; `callback` is the body of the function whose end is waited for. */
  make(callback: () => Sim): Sim<Armed>
  /** The callback may sleep. */
  sleeps: boolean
}

const gen = (f: unknown): never => f as never
const simple = (start: () => unknown, fence: () => unknown): Armed => ({
  *start() {
    return yield* sim(start())
  },
  *fence() {
    return yield* sim(fence())
  },
})

function workRow(fence: 'cancel_work_sync' | 'disable_work_sync'): Mechanism {
  return {
    mechanism: 'work',
    fence,
    sleeps: true,
    *make(callback) {
      const work = wq.DECLARE_WORK('work', gen(callback))
      return simple(() => wq.schedule_work(work), () => wq[fence](work))
    },
  }
}

function delayedRow(fence: 'cancel_delayed_work_sync' | 'disable_delayed_work_sync'): Mechanism {
  return {
    mechanism: 'delayed work',
    fence,
    sleeps: true,
    *make(callback) {
      const work = wq.DECLARE_DELAYED_WORK('work', gen(callback))
      return simple(() => wq.schedule_delayed_work(work, 1), () => wq[fence](work))
    },
  }
}

function timerRow(fence: 'timer_delete_sync' | 'timer_shutdown_sync'): Mechanism {
  return {
    mechanism: 'timer',
    fence,
    sleeps: false,
    *make(callback) {
      const timer = new tmr.timer_list()
      tmr.timer_setup(timer, gen(callback), 0)
      return simple(() => tmr.mod_timer(timer, +jiffies + 1), () => tmr[fence](timer))
    },
  }
}

function irqRow(threaded: boolean): Mechanism {
  return {
    mechanism: threaded ? 'threaded interrupt' : 'interrupt',
    fence: 'free_irq',
    sleeps: threaded,
    *make(callback) {
      const line = allocIrqs(machine(), 1, 'dev')
      const dev = {}
      function* handler(): Sim<number> {
        yield* callback()
        return irq.IRQ_HANDLED
      }
      const [hard, thread] = threaded ? [null, handler] : [handler, null]
      const flags = threaded ? irq.IRQF_ONESHOT : 0
      yield* sim(irq.request_threaded_irq(line, gen(hard), gen(thread), flags, 'dev', dev))
      return simple(() => raiseIrq(machine(), line), () => irq.free_irq(line, dev))
    },
  }
}

const hrtimer: Mechanism = {
  mechanism: 'hrtimer',
  fence: 'hrtimer_cancel',
  sleeps: false,
  *make(callback) {
    const timer = new hrt.hrtimer()
    function* fire(): Sim<number> {
      yield* callback()
      return hrt.HRTIMER_NORESTART
    }
    hrt.hrtimer_setup(timer, gen(fire), hrt.CLOCK_MONOTONIC, hrt.HRTIMER_MODE_REL)
    return simple(
      () => hrt.hrtimer_start(timer, 1_000_000, hrt.HRTIMER_MODE_REL),
      () => hrt.hrtimer_cancel(timer),
    )
  },
}

const tasklet: Mechanism = {
  mechanism: 'tasklet',
  fence: 'tasklet_kill',
  sleeps: false,
  *make(callback) {
    const t = new irq.tasklet_struct()
    irq.tasklet_setup(t, gen(callback))
    return simple(() => irq.tasklet_schedule(t), () => irq.tasklet_kill(t))
  },
}

const irqWork: Mechanism = {
  mechanism: 'irq_work',
  fence: 'irq_work_sync',
  sleeps: false,
  *make(callback) {
    const work = new iw.irq_work()
    iw.init_irq_work(work, gen(callback))
    return simple(() => iw.irq_work_queue(work), () => iw.irq_work_sync(work))
  },
}

const kthreadWork: Mechanism = {
  mechanism: 'work of a thread',
  fence: 'kthread_cancel_work_sync',
  sleeps: true,
  *make(callback) {
    const worker = (yield* sim(kt.kthread_run_worker(0, 'worker'))) as kt.kthread_worker
    const work = new kt.kthread_work()
    kt.kthread_init_work(work, gen(callback))
    return simple(
      () => kt.kthread_queue_work(worker, work),
      () => kt.kthread_cancel_work_sync(work),
    )
  },
}

const rcuCallback: Mechanism = {
  mechanism: 'RCU callback',
  fence: 'rcu_barrier',
  sleeps: false,
  *make(callback) {
    const fresh = (): rcu.rcu_head => new rcu.rcu_head()
    return simple(() => rcu.call_rcu(fresh(), gen(callback)), () => rcu.rcu_barrier())
  },
}

const srcuCallback: Mechanism = {
  mechanism: 'SRCU callback',
  fence: 'srcu_barrier',
  sleeps: false,
  *make(callback) {
    const domain = new srcu.srcu_struct()
    yield* sim(srcu.init_srcu_struct(domain))
    return simple(
      () => srcu.call_srcu(domain, new rcu.rcu_head(), gen(callback)),
      () => srcu.srcu_barrier(domain),
    )
  },
}

const rcuWork: Mechanism = {
  mechanism: 'rcu_work',
  fence: 'flush_rcu_work',
  sleeps: true,
  *make(callback) {
    const work = new wq.rcu_work()
    wq.INIT_RCU_WORK(work, gen(callback))
    const queue = wq.alloc_workqueue('q', wq.WQ_UNBOUND, 0)!
    return simple(() => wq.queue_rcu_work(queue, work), () => wq.flush_rcu_work(work))
  },
}

const notifier: Mechanism = {
  mechanism: 'blocking notifier',
  fence: 'blocking_notifier_chain_unregister',
  sleeps: true,
  *make(callback) {
    const head = nb.BLOCKING_NOTIFIER_HEAD('chain')
    const block = new nb.notifier_block()
    block.notifier_call = gen(function* () {
      yield* callback()
      return nb.NOTIFY_OK
    })
    yield* sim(nb.blocking_notifier_chain_register(head, block))
    return simple(
      () =>
        kt.kthread_run(
          gen(function* () {
            yield* sim(nb.blocking_notifier_call_chain(head, 0, null))
            return 0
          }),
          null,
          'caller',
        ),
      () => nb.blocking_notifier_chain_unregister(head, block),
    )
  },
}

export const MECHANISMS: Mechanism[] = [
  workRow('cancel_work_sync'),
  workRow('disable_work_sync'),
  delayedRow('cancel_delayed_work_sync'),
  delayedRow('disable_delayed_work_sync'),
  rcuWork,
  timerRow('timer_delete_sync'),
  timerRow('timer_shutdown_sync'),
  hrtimer,
  irqRow(false),
  irqRow(true),
  tasklet,
  irqWork,
  kthreadWork,
  rcuCallback,
  srcuCallback,
  notifier,
]

