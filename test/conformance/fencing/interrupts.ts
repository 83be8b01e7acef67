import { machine } from '../../../src-sim/engine/current'
import type { Sim } from '../../../src-sim/engine/suspend'
import { allocIrqs, raiseIrq } from '../../../src-sim/kernel/irq/lines'
import * as hrt from '../../../src-sim/linux/hrtimer'
import * as irq from '../../../src-sim/linux/interrupt'
import * as iw from '../../../src-sim/linux/irq_work'
import { jiffies } from '../../../src-sim/linux/jiffies'
import * as tmr from '../../../src-sim/linux/timer'
import { sim } from '../../sim/harness'
import { ATOMIC, SLEEPS, gen, rows, type Mechanism } from './mechanism'

/** What runs in interrupts and behind them. */

const timer = rows(
  'timer',
  ATOMIC,
  function* (callback) {
    const t = new tmr.timer_list()
    tmr.timer_setup(t, gen(callback), 0)
    return t
  },
  (t) => tmr.mod_timer(t, +jiffies + 1),
  {
    timer_shutdown: tmr.timer_shutdown,
    timer_delete: tmr.timer_delete,
    timer_delete_sync: tmr.timer_delete_sync,
    timer_shutdown_sync: tmr.timer_shutdown_sync,
  },
)

const hrtimer = rows(
  'hrtimer',
  ATOMIC,
  function* (callback) {
    const t = new hrt.hrtimer()
    const fire = function* (): Sim<number> {
      yield* callback()
      return hrt.HRTIMER_NORESTART
    }
    hrt.hrtimer_setup(t, gen(fire), hrt.CLOCK_MONOTONIC, hrt.HRTIMER_MODE_REL)
    return t
  },
  (t) => hrt.hrtimer_start(t, 1_000_000, hrt.HRTIMER_MODE_REL),
  { hrtimer_try_to_cancel: hrt.hrtimer_try_to_cancel, hrtimer_cancel: hrt.hrtimer_cancel },
)

function interrupt(threaded: boolean): Mechanism[] {
  return rows(
    threaded ? 'threaded interrupt' : 'interrupt',
    threaded ? SLEEPS : ATOMIC,
    function* (callback) {
      const line = allocIrqs(machine(), 1, 'dev')
      const dev = {}
      const handler = function* (): Sim<number> {
        yield* callback()
        return irq.IRQ_HANDLED
      }
      const [hard, thread] = threaded ? [null, handler] : [handler, null]
      const flags = threaded ? irq.IRQF_ONESHOT : 0
      yield* sim(irq.request_threaded_irq(line, gen(hard), gen(thread), flags, 'dev', dev))
      return { line, dev }
    },
    ({ line }) => raiseIrq(machine(), line),
    {
      disable_irq_nosync: ({ line }) => irq.disable_irq_nosync(line),
      synchronize_hardirq: ({ line }) => irq.synchronize_hardirq(line),
      synchronize_irq: ({ line }) => irq.synchronize_irq(line),
      disable_irq: ({ line }) => irq.disable_irq(line),
      free_irq: ({ line, dev }) => irq.free_irq(line, dev),
    },
  )
}

const tasklet = rows(
  'tasklet',
  ATOMIC,
  function* (callback) {
    const t = new irq.tasklet_struct()
    irq.tasklet_setup(t, gen(callback))
    return t
  },
  (t) => irq.tasklet_schedule(t),
  {
    tasklet_disable_nosync: irq.tasklet_disable_nosync,
    tasklet_unlock_wait: irq.tasklet_unlock_wait,
    tasklet_disable: irq.tasklet_disable,
    tasklet_kill: irq.tasklet_kill,
  },
)

const irqWork = rows(
  'irq_work',
  ATOMIC,
  function* (callback) {
    const work = new iw.irq_work()
    iw.init_irq_work(work, gen(callback))
    return work
  },
  (work) => iw.irq_work_queue(work),
  { irq_work_sync: iw.irq_work_sync },
)

export const INTERRUPTS: Mechanism[] = [
  ...timer, ...hrtimer, ...interrupt(false), ...interrupt(true), ...tasklet, ...irqWork,
]
