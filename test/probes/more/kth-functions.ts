import { kthread_create, kthread_create_worker, kthread_destroy_worker, kthread_flush_work, kthread_init_work, kthread_park, kthread_parkme, kthread_queue_work, kthread_run, kthread_should_park, kthread_should_stop, kthread_stop, kthread_unpark, kthread_work, kthread_worker, kthread_bind } from 'linux/kthread'
import { DECLARE_TASKLET, tasklet_disable, tasklet_enable, tasklet_kill, tasklet_schedule, tasklet_setup, tasklet_struct, from_tasklet } from 'linux/interrupt'
import { DEFINE_IRQ_WORK, init_irq_work, irq_work, irq_work_queue, irq_work_sync } from 'linux/irq_work'
import { in_hardirq, in_serving_softirq } from 'linux/preempt'
import { current, schedule_timeout_interruptible, signal_pending, allow_signal, send_sig, SIGTERM } from 'linux/sched'
import { msleep, msleep_interruptible } from 'linux/delay'
import { IS_ERR } from 'linux/err'
import { KLAB, KLAB_PROBE } from './klab'
class c { w = new kthread_work(); t = new tasklet_struct(); i = new irq_work(); n = 0 }
const x = new c()
function wfn(w: kthread_work) { x.n++; KLAB('kwork', 'n=%d comm=%s', x.n, current.comm) }
function tfn(t: tasklet_struct) { const p = from_tasklet(c, t, 't'); KLAB('tasklet', 'same=%d softirq=%d', p === x, !!in_serving_softirq()) }
function ifn(i: irq_work) { KLAB('irqwork', 'hard=%d', !!in_hardirq()) }
function thr(a: number) {
  allow_signal(SIGTERM)
  let loops = 0
  while (!kthread_should_stop()) {
    if (kthread_should_park()) { KLAB('thr', 'parking=1'); kthread_parkme() }
    const left = msleep_interruptible(1000)
    if (signal_pending(current)) { KLAB('thr', 'signal=1 left=%d', left > 0); break }
    loops++
  }
  while (!kthread_should_stop()) schedule_timeout_interruptible(1)
  return a
}
function probe() {
  const w: kthread_worker = kthread_create_worker(0, 'kw/%d', 3)
  if (IS_ERR(w)) return
  kthread_init_work(x.w, wfn)
  KLAB('q', '%d', kthread_queue_work(w, x.w))
  kthread_flush_work(x.w)
  kthread_destroy_worker(w)
  tasklet_setup(x.t, tfn)
  tasklet_disable(x.t)
  tasklet_schedule(x.t)
  msleep(5)
  KLAB('tl', 'enabling=1')
  tasklet_enable(x.t)
  msleep(5)
  tasklet_kill(x.t)
  init_irq_work(x.i, ifn)
  KLAB('iw', '%d', irq_work_queue(x.i))
  irq_work_sync(x.i)
  const t = kthread_run(thr, 42, 'thr')
  msleep(5)
  KLAB('park', 'ret=%d', kthread_park(t))
  kthread_unpark(t)
  msleep(5)
  KLAB('sig', 'ret=%d', send_sig(SIGTERM, t, 1))
  msleep(20)
  KLAB('stop', 'ret=%d', kthread_stop(t))
}
KLAB_PROBE('kth-functions', probe)
