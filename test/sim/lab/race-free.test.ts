import { describe, expect, it } from 'vitest'
import { makeStrategy } from '../../../src-sim/engine/strategies'
import { seedOf } from '../../../src-sim/explorer/explore'
import { scheduleRunner } from '../../../src-sim/lab/explore'
import { compile, labOf, runLab, sandbox } from './lab-kit'

/**
 * Code in which something other than a lock orders two accesses to `d.x`: the checker for data
 * races must know each of these ways.
 */
interface Ordered {
  top: string
  init: string
  exit: string
}

const PATTERNS: Record<string, Ordered> = {
  'a work that was cancelled': {
    top: 'const work = new work_struct()\nfunction fn() { msleep(5); d.x++ }',
    init: 'INIT_WORK(work, fn); schedule_work(work)',
    exit: 'cancel_work_sync(work); use()',
  },
  'a work that was flushed': {
    top: 'const work = new work_struct()\nfunction fn() { msleep(5); d.x++ }',
    init: 'INIT_WORK(work, fn); schedule_work(work)',
    exit: 'flush_work(work); use()',
  },
  'works of an ordered queue': {
    top: `let wq: workqueue_struct; const a = new work_struct(), b = new work_struct()
function fn() { d.x++; msleep(3); d.x++ }`,
    init: `wq = alloc_ordered_workqueue('o', 0)!; INIT_WORK(a, fn); INIT_WORK(b, fn)
      queue_work(wq, a); queue_work(wq, b)`,
    exit: 'destroy_workqueue(wq); use()',
  },
  'a delayed work that was cancelled': {
    top: 'const work = new delayed_work()\nfunction fn() { msleep(5); d.x++ }',
    init: 'd.x++; INIT_DELAYED_WORK(work, fn); schedule_delayed_work(work, 1)',
    exit: 'cancel_delayed_work_sync(work); use()',
  },
  'a timer that was deleted': {
    top: 'const timer = new timer_list()\nfunction fn() { mdelay(3); d.x++; mod_timer(timer, jiffies + 1) }',
    init: 'd.x++; timer_setup(timer, fn, 0); mod_timer(timer, jiffies + 1)',
    exit: 'timer_delete_sync(timer); use()',
  },
  'an hrtimer that was cancelled': {
    top: `const timer = new hrtimer()
function fn() { d.x++; hrtimer_forward_now(timer, ms_to_ktime(2)); return HRTIMER_RESTART }`,
    init: `d.x++; hrtimer_setup(timer, fn, CLOCK_MONOTONIC, HRTIMER_MODE_REL)
      hrtimer_start(timer, ms_to_ktime(2), HRTIMER_MODE_REL)`,
    exit: 'hrtimer_cancel(timer); use()',
  },
  'a tasklet that was killed': {
    top: 'const t = new tasklet_struct()\nfunction fn() { d.x++ }',
    init: 'd.x++; tasklet_setup(t, fn); tasklet_schedule(t)',
    exit: 'tasklet_kill(t); use()',
  },
  'a thread that was stopped': {
    top: `let thread: task_struct
function fn() { while (!kthread_should_stop()) { d.x++; msleep(2) } return 0 }`,
    init: "d.x++; thread = kthread_run(fn, null, 't')",
    exit: 'kthread_stop(thread); use()',
  },
  'a kthread worker': {
    top: `let worker: kthread_worker; const work = new kthread_work()
function fn() { msleep(2); d.x++ }`,
    init: "d.x++; worker = kthread_create_worker(0, 'w'); kthread_init_work(work, fn); kthread_queue_work(worker, work)",
    exit: 'kthread_destroy_worker(worker); use()',
  },
  'references: the last one sees what others did': {
    top: `class counted { ref = new kref(); x = 0; y = 0 }
let c: counted
function gone(ref: kref) { const o = container_of(ref, counted, 'ref'); if (o.x + o.y > 9) use(); kfree(o) }
function one() { c.x++; kref_put(c.ref, gone); return 0 }
function two() { c.y++; kref_put(c.ref, gone); return 0 }`,
    init: `c = kzalloc(counted, GFP_KERNEL)!; kref_init(c.ref); kref_get(c.ref); kref_get(c.ref)
      kthread_run(one, null, 'one')`,
    exit: "kthread_run(two, null, 'two'); msleep(3); kref_put(c.ref, gone)",
  },
  'a pointer from an xarray': {
    top: `const xa = DEFINE_XARRAY('xa')
class item { x = 0 }
function fn() { for (;;) { const i: item | null = xa_load(xa, 1); if (i) { if (i.x === 7) use2(); break } msleep(1) } return 0 }`,
    init: `kthread_run(fn, null, 'reader'); msleep(2)
      const i = kzalloc(item, GFP_KERNEL)!; i.x = 7; xa_store(xa, 1, i, GFP_KERNEL); msleep(5)`,
    exit: 'kfree(xa_erase(xa, 1))',
  },
  'a pointer under RCU, and its grace period': {
    top: `class item { x = 0 }
const root: { p: item | null } = { p: null }
function fn() { while (!kthread_should_stop()) { rcu_read_lock(); const i = rcu_dereference(root, 'p'); if (i && i.x === 1) use2(); rcu_read_unlock(); msleep(1) } return 0 }
let thread: task_struct`,
    init: `const i = kzalloc(item, GFP_KERNEL)!; i.x = 1; thread = kthread_run(fn, null, 'reader')
      msleep(2); rcu_assign_pointer(root, 'p', i)`,
    exit: `const i = root.p!; rcu_assign_pointer(root, 'p', null); synchronize_rcu(); i.x = 2; kfree(i)
      kthread_stop(thread)`,
  },
  'readers of SRCU': {
    top: `const ss = new srcu_struct(); let thread: task_struct
function fn() { while (!kthread_should_stop()) { const idx = srcu_read_lock(ss); if (READ_ONCE(d, 'on')) use(); srcu_read_unlock(ss, idx); msleep(1) } return 0 }`,
    init: "init_srcu_struct(ss); d.on = 1; thread = kthread_run(fn, null, 'reader'); msleep(3)",
    exit: `WRITE_ONCE(d, 'on', 0); synchronize_srcu(ss); d.x = 5; kthread_stop(thread)
      cleanup_srcu_struct(ss)`,
  },
  'a call on every CPU': {
    top: 'function fn() { if (d.x > 9) use2() }',
    init: 'd.x++; on_each_cpu(fn, null, 1); d.x++',
    exit: 'use()',
  },
  'an irq_work': {
    top: 'let w: irq_work\nfunction fn() { d.x++ }',
    init: 'd.x++; w = new irq_work(); init_irq_work(w, fn); irq_work_queue(w)',
    exit: 'irq_work_sync(w); use()',
  },
  'the end of a module reference': {
    top: 'function fn() { d.x++; module_put(THIS_MODULE); return 0 }',
    init: "__module_get(THIS_MODULE); kthread_run(fn, null, 't'); msleep(5)",
    exit: 'use()',
  },
  'a wait queue and an acquire': {
    top: `const wq = new wait_queue_head()
function fn() { msleep(2); d.x++; smp_store_release(d, 'on', 1); wake_up(wq); return 0 }`,
    init: "init_waitqueue_head(wq); kthread_run(fn, null, 't'); wait_event(wq, () => smp_load_acquire(d, 'on')); use()",
    exit: 'use()',
  },
  'a count that drops to zero': {
    top: `const left = new atomic_t(); class parts { a = 0; b = 0 }
const p = new parts()
function one() { p.a++; if (atomic_dec_and_test(left)) use3(); return 0 }
function two() { p.b++; if (atomic_dec_and_test(left)) use3(); return 0 }
const use3 = () => { if (p.a + p.b > 9) pr_info('z') }`,
    init: "atomic_set(left, 2); kthread_run(one, null, 'one'); kthread_run(two, null, 'two')",
    exit: 'msleep(10)',
  },
  'a lockless list': {
    top: `const list = new llist_head(); class item { node = new llist_node(); x = 0 }
function fn() { const i = kzalloc(item, GFP_KERNEL)!; i.x = 7; llist_add(i.node, list); return 0 }`,
    init: "init_llist_head(list); kthread_run(fn, null, 'one')",
    exit: `for (let n = llist_del_all(list); n; ) { const i = llist_entry(n, item, 'node'); n = n.next
        if (i.x === 7) use2(); kfree(i) }`,
  },
  'a seqlock': {
    top: `const lock = new seqlock_t(); let thread: task_struct
function fn() { while (!kthread_should_stop()) { write_seqlock(lock); d.x++; write_sequnlock(lock); msleep(1) } return 0 }`,
    init: `seqlock_init(lock); thread = kthread_run(fn, null, 'w'); msleep(2)
      let seq = 0; let x = 0
      do { seq = read_seqbegin(lock); x = d.x } while (read_seqretry(lock, seq))`,
    exit: 'kthread_stop(thread); use()',
  },
  'a notifier that was unregistered': {
    top: `const chain = BLOCKING_NOTIFIER_HEAD('chain'); let thread: task_struct
const nb = { notifier_call: () => { d.x++; return 0 } }
function fn() { while (!kthread_should_stop()) { blocking_notifier_call_chain(chain, 0, null); msleep(1) } return 0 }`,
    init: "d.x++; blocking_notifier_chain_register(chain, nb); thread = kthread_run(fn, null, 't'); msleep(3)",
    exit: 'blocking_notifier_chain_unregister(chain, nb); use(); kthread_stop(thread)',
  },
  'a semaphore for readers and writers': {
    top: `const sem = new rw_semaphore(); let thread: task_struct
function fn() { while (!kthread_should_stop()) { down_read(sem); use(); up_read(sem); msleep(1) } return 0 }`,
    init: "init_rwsem(sem); thread = kthread_run(fn, null, 't'); msleep(2); down_write(sem); d.x++; up_write(sem); msleep(3)",
    exit: 'down_write(sem); d.x++; up_write(sem); kthread_stop(thread)',
  },
  'callbacks of RCU and their barrier': {
    top: `class item { rcu = new rcu_head(); x = 0 }
function gone(head: rcu_head) { const i = container_of(head, item, 'rcu'); if (i.x === 7) d.x++; kfree(i) }`,
    init: 'const i = kzalloc(item, GFP_KERNEL)!; i.x = 7; call_rcu(i.rcu, gone)',
    exit: 'rcu_barrier(); use()',
  },
  'a completion for all': {
    top: `const done = new completion(); let thread: task_struct
function fn() { wait_for_completion(done); use(); return 0 }`,
    init: "init_completion(done); kthread_run(fn, null, 'a'); kthread_run(fn, null, 'b'); msleep(2); d.x = 5; complete_all(done)",
    exit: 'msleep(5)',
  },
  'a flag under a lock and a wake-up': {
    top: `const wq = new wait_queue_head(); const lock = DEFINE_SPINLOCK('lock')
const ready = () => { spin_lock(lock); const on = d.on; spin_unlock(lock); return on }
function fn() { msleep(2); d.x++; spin_lock(lock); d.on = 1; spin_unlock(lock); wake_up(wq); return 0 }`,
    init: "init_waitqueue_head(wq); kthread_run(fn, null, 't'); wait_event(wq, ready); use()",
    exit: 'use()',
  },
  'a work of a kthread worker that was cancelled': {
    top: `let worker: kthread_worker; const work = new kthread_work()
function fn() { msleep(5); d.x++ }`,
    init: "d.x++; worker = kthread_create_worker(0, 'w'); kthread_init_work(work, fn); kthread_queue_work(worker, work)",
    exit: 'kthread_cancel_work_sync(work); use(); kthread_destroy_worker(worker)',
  },
}

const SCENARIO = `
import { insmod, msleep, rmmod } from 'klab/scenario'
export default function () {
  insmod('driver')
  msleep(10)
  rmmod('driver')
  msleep(10)
}
`

const labWith = ({ top, init, exit }: Ordered) =>
  labOf(`
import { init_irq_work, irq_work, irq_work_queue, irq_work_sync } from 'linux/irq_work'
import { __module_get, module_exit, module_init, module_put, THIS_MODULE } from 'linux/module'
import { alloc_ordered_workqueue, cancel_delayed_work_sync, cancel_work_sync, delayed_work, destroy_workqueue, flush_work, INIT_DELAYED_WORK, INIT_WORK, queue_work, schedule_delayed_work, schedule_work, work_struct, type workqueue_struct } from 'linux/workqueue'
import { CLOCK_MONOTONIC, hrtimer, hrtimer_cancel, hrtimer_forward_now, HRTIMER_MODE_REL, HRTIMER_RESTART, hrtimer_setup, hrtimer_start } from 'linux/hrtimer'
import { cleanup_srcu_struct, init_srcu_struct, srcu_read_lock, srcu_read_unlock, srcu_struct, synchronize_srcu } from 'linux/srcu'
import { container_of } from 'linux/container_of'
import { DEFINE_XARRAY, xa_erase, xa_load, xa_store } from 'linux/xarray'
import { GFP_KERNEL, kfree, kzalloc } from 'linux/slab'
import { init_waitqueue_head, wait_event, wait_queue_head, wake_up } from 'linux/wait'
import { jiffies } from 'linux/jiffies'
import { kref, kref_get, kref_init, kref_put } from 'linux/kref'
import { kthread_cancel_work_sync, kthread_create_worker, kthread_destroy_worker, kthread_init_work, kthread_queue_work, kthread_run, kthread_should_stop, kthread_stop, kthread_work, type kthread_worker } from 'linux/kthread'
import { mdelay, msleep, udelay } from 'linux/delay'
import { mod_timer, timer_delete_sync, timer_list, timer_setup } from 'linux/timer'
import { ms_to_ktime } from 'linux/ktime'
import { atomic_dec_and_test, atomic_set, atomic_t } from 'linux/atomic'
import { BLOCKING_NOTIFIER_HEAD, blocking_notifier_call_chain, blocking_notifier_chain_register, blocking_notifier_chain_unregister } from 'linux/notifier'
import { init_llist_head, llist_add, llist_del_all, llist_entry, llist_head, llist_node } from 'linux/llist'
import { read_seqbegin, read_seqretry, seqlock_init, seqlock_t, write_seqlock, write_sequnlock } from 'linux/seqlock'
import { down_read, down_write, init_rwsem, rw_semaphore, up_read, up_write } from 'linux/rwsem'
import { complete_all, completion, init_completion, wait_for_completion } from 'linux/completion'
import { DEFINE_SPINLOCK, spin_lock, spin_unlock } from 'linux/spinlock'
import { on_each_cpu, smp_call_function } from 'linux/smp'
import { pr_info } from 'linux/printk'
import { call_rcu, rcu_assign_pointer, rcu_barrier, rcu_dereference, rcu_head, rcu_read_lock, rcu_read_unlock, synchronize_rcu } from 'linux/rcupdate'
import { READ_ONCE, WRITE_ONCE } from 'linux/compiler'
import { smp_load_acquire, smp_store_release } from 'linux/barrier'
import { tasklet_kill, tasklet_schedule, tasklet_setup, tasklet_struct } from 'linux/interrupt'
import { type task_struct } from 'linux/sched'
class data { x = 0; on = 0 }
const d = new data()
const use = () => { if (d.x === 12345) pr_info('x') }
const use2 = () => pr_info('y')
${top}
function init() { ${init}
  return 0
}
function exit() { ${exit} }
module_init(init)
module_exit(exit)
`, { 'scenario.ts': SCENARIO })

const RACY: Record<string, Ordered> = {
  'a work that nobody waits for': { ...PATTERNS['a work that was cancelled']!, exit: 'use()' },
  'a work that may run again': {
    ...PATTERNS['a work that was cancelled']!,
    exit: 'cancel_work_sync(work); schedule_work(work); msleep(8); use()',
  },
  'a call on other CPUs that is not waited for': {
    top: 'function fn() { d.x++ }',
    init: '',
    exit: 'smp_call_function(fn, null, 0); udelay(50); use()',
  },
}

/** Reports of a plain run and of some random ones. */
function reportsOf(pattern: Ordered): string[] {
  const lab = labWith(pattern)
  const reports = runLab(lab, { kcsan: true }).findings.map((f) => f.report.join('\n'))
  const run = scheduleRunner(compile(lab), sandbox(), { kcsan: true })
  for (let i = 0; i < 8; i++) {
    const strategy = makeStrategy('random', { seed: seedOf(5, i), preemptions: 2, choices: [] })
    reports.push(...run(strategy, false).findings.map((f) => f.report.join('\n')))
  }
  return reports
}

describe('the checker for data races', () => {
  it.each(Object.keys(PATTERNS))('is silent about %s', (name) => {
    expect(reportsOf(PATTERNS[name]!)).toEqual([])
  })

  it.each(Object.keys(RACY))('reports %s', (name) => {
    expect(reportsOf(RACY[name]!).join('\n')).toContain('KCSAN: data-race in ')
  })
})
