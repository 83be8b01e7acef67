/**
 * The smallest driver that makes each kind of finding appear, and its twin that is right. Text of
 * the init function; `exit` is the exit function's, `top` stands before both. What they use is
 * imported for them.
 */
export interface Twins {
  top?: string
  broken: string
  fixed: string
  exit?: string
}

const spawnTwo = `
  const one = kthread_run(first, null, 'one')
  const two = kthread_run(second, null, 'two')
  msleep(50)
  kthread_stop(one)
  kthread_stop(two)`
const threadsOf = (first: string, second: string): string => `
const until_stopped = () => { while (!kthread_should_stop()) msleep(4) }
function first() { ${first}; until_stopped(); return 0 }
function second() { ${second}; until_stopped(); return 0 }`

export const KINDS: Record<string, Twins> = {
  'kasan.use-after-free': {
    top: 'class box { n = 0 }',
    broken: 'const b = kzalloc(box, GFP_KERNEL)!; kfree(b); b.n = 1',
    fixed: 'const b = kzalloc(box, GFP_KERNEL)!; b.n = 1; kfree(b)',
  },
  'kasan.out-of-bounds': {
    broken: 'const b = kzalloc(16, GFP_KERNEL)!; b[16] = 1; kfree(b)',
    fixed: 'const b = kzalloc(16, GFP_KERNEL)!; b[15] = 1; kfree(b)',
  },
  'type.confusion': {
    top: 'class box { n = 0 }\nclass crate { lid = new box(); depth = 1 }',
    broken: `const c = kzalloc(crate, GFP_KERNEL)!; const b = c.lid as unknown as crate
      pr_info('%d\\n', b.depth); kfree(c)`,
    fixed: `const c = kzalloc(crate, GFP_KERNEL)!; const b = container_of(c.lid, crate, 'lid')
      pr_info('%d\\n', b.depth); kfree(c)`,
  },
  'kasan.double-free': {
    top: 'class box { n = 0 }',
    broken: 'const b = kzalloc(box, GFP_KERNEL)!; kfree(b); kfree(b)',
    fixed: 'const b = kzalloc(box, GFP_KERNEL)!; kfree(b); kfree(null)',
  },
  'leak.memory': {
    top: 'class box { n = 0 }',
    broken: 'kzalloc(box, GFP_KERNEL)',
    fixed: 'kfree(kzalloc(box, GFP_KERNEL))',
  },
  'list.corruption': {
    top: 'class item { node = new list_head() }',
    broken: `const head = new list_head(); INIT_LIST_HEAD(head)
      const i = kzalloc(item, GFP_KERNEL)!
      list_add(i.node, head); list_del(i.node); list_del(i.node); kfree(i)`,
    fixed: `const head = new list_head(); INIT_LIST_HEAD(head)
      const i = kzalloc(item, GFP_KERNEL)!
      list_add(i.node, head); list_del_init(i.node); list_del_init(i.node); kfree(i)`,
  },
  'lockdep.circular': {
    top: "const a = DEFINE_MUTEX('a'), b = DEFINE_MUTEX('b')",
    broken: `mutex_lock(a); mutex_lock(b); mutex_unlock(b); mutex_unlock(a)
      mutex_lock(b); mutex_lock(a); mutex_unlock(a); mutex_unlock(b)`,
    fixed: `mutex_lock(a); mutex_lock(b); mutex_unlock(b); mutex_unlock(a)
      mutex_lock(b); if (mutex_trylock(a)) mutex_unlock(a); mutex_unlock(b)`,
  },
  'lockdep.recursive': {
    top: 'class box { lock = new mutex() }',
    broken: `const one = kzalloc(box, GFP_KERNEL)!, two = kzalloc(box, GFP_KERNEL)!
      for (const x of [one, two]) mutex_init(x.lock)
      mutex_lock(one.lock); mutex_lock(two.lock); mutex_unlock(two.lock); mutex_unlock(one.lock)
      kfree(one); kfree(two)`,
    fixed: `const one = kzalloc(box, GFP_KERNEL)!, two = kzalloc(box, GFP_KERNEL)!
      for (const x of [one, two]) mutex_init(x.lock)
      mutex_lock(one.lock); mutex_lock_nested(two.lock, 1)
      mutex_unlock(two.lock); mutex_unlock(one.lock); kfree(one); kfree(two)`,
  },
  'lockdep.inconsistent': {
    top: `const lock = DEFINE_SPINLOCK('lock')
      const timer = new timer_list()
      function fire() { spin_lock(lock); spin_unlock(lock) }`,
    broken: `timer_setup(timer, fire, 0); spin_lock(lock); spin_unlock(lock)
      mod_timer(timer, jiffies + 1); msleep(20); timer_delete_sync(timer)`,
    fixed: `timer_setup(timer, fire, 0); spin_lock_bh(lock); spin_unlock_bh(lock)
      mod_timer(timer, jiffies + 1); msleep(20); timer_delete_sync(timer)`,
  },
  'lockdep.irq-safe-unsafe': {
    top: `const outer = DEFINE_SPINLOCK('outer'), inner = DEFINE_SPINLOCK('inner')
      const timer = new hrtimer()
      function fire() { spin_lock(outer); spin_unlock(outer); return HRTIMER_NORESTART }
      function safe() {
        hrtimer_setup(timer, fire, CLOCK_MONOTONIC, HRTIMER_MODE_REL)
        hrtimer_start(timer, ms_to_ktime(1), HRTIMER_MODE_REL); msleep(20); hrtimer_cancel(timer)
      }`,
    broken: `safe(); spin_lock(inner); spin_unlock(inner)
      spin_lock_irq(outer); spin_lock(inner); spin_unlock(inner); spin_unlock_irq(outer)`,
    fixed: `safe(); spin_lock_irq(inner); spin_unlock_irq(inner)
      spin_lock_irq(outer); spin_lock(inner); spin_unlock(inner); spin_unlock_irq(outer)`,
  },
  'lockdep.irq-inversion': {
    top: `const outer = DEFINE_SPINLOCK('outer'), inner = DEFINE_SPINLOCK('inner')
      const timer = new hrtimer()
      function fire() { spin_lock(outer); spin_unlock(outer); return HRTIMER_NORESTART }
      function take_in_interrupt() {
        hrtimer_setup(timer, fire, CLOCK_MONOTONIC, HRTIMER_MODE_REL)
        hrtimer_start(timer, ms_to_ktime(1), HRTIMER_MODE_REL); msleep(20); hrtimer_cancel(timer)
      }`,
    broken: `spin_lock_irq(outer); spin_lock(inner); spin_unlock(inner); spin_unlock_irq(outer)
      spin_lock(inner); spin_unlock(inner); take_in_interrupt()`,
    fixed: `spin_lock_irq(outer); spin_lock(inner); spin_unlock(inner); spin_unlock_irq(outer)
      spin_lock_irq(inner); spin_unlock_irq(inner); take_in_interrupt()`,
  },
  'lockdep.non-static-key': {
    top: 'class box { lock = new spinlock_t() }',
    broken: 'const b = kzalloc(box, GFP_KERNEL)!; spin_lock(b.lock); spin_unlock(b.lock); kfree(b)',
    fixed: `const b = kzalloc(box, GFP_KERNEL)!; spin_lock_init(b.lock)
      spin_lock(b.lock); spin_unlock(b.lock); kfree(b)`,
  },
  'lockdep.nest-lock': {
    top: "const outer = DEFINE_MUTEX('outer'), inner = DEFINE_MUTEX('inner')",
    broken: 'mutex_lock_nest_lock(inner, outer); mutex_unlock(inner)',
    fixed: `mutex_lock(outer); mutex_lock_nest_lock(inner, outer)
      mutex_unlock(inner); mutex_unlock(outer)`,
  },
  'lockdep.held-at-user': {
    top: "const lock = DEFINE_MUTEX('lock')",
    broken: 'mutex_lock(lock)',
    fixed: 'mutex_lock(lock); mutex_unlock(lock)',
  },
  'lockdep.held-at-exit': {
    top: `const lock = DEFINE_MUTEX('lock')`,
    broken: `kthread_run(() => { mutex_lock(lock); return 0 }, null, 'holder'); msleep(20)`,
    fixed: `kthread_run(() => { mutex_lock(lock); mutex_unlock(lock); return 0 }, null, 'holder'); msleep(20)`,
  },
  'lockdep.held-freed': {
    top: 'class box { lock = new mutex() }',
    broken: 'const b = kzalloc(box, GFP_KERNEL)!; mutex_init(b.lock); mutex_lock(b.lock); kfree(b)',
    fixed: `const b = kzalloc(box, GFP_KERNEL)!; mutex_init(b.lock); mutex_lock(b.lock)
      mutex_unlock(b.lock); kfree(b)`,
  },
  'lockdep.unlock-balance': {
    top: "const lock = DEFINE_SPINLOCK('lock')",
    broken: 'preempt_disable(); spin_unlock(lock)',
    fixed: 'spin_lock(lock); spin_unlock(lock)',
  },
  'lockdep.wait-context': {
    top: "const raw = DEFINE_RAW_SPINLOCK('raw'), lock = DEFINE_SPINLOCK('lock')",
    broken: 'raw_spin_lock(raw); spin_lock(lock); spin_unlock(lock); raw_spin_unlock(raw)',
    fixed: 'spin_lock(lock); raw_spin_lock(raw); raw_spin_unlock(raw); spin_unlock(lock)',
  },
  'lockdep.rcu': {
    top: 'class box { next: box | null = null }',
    broken: 'const b = kzalloc(box, GFP_KERNEL)!; rcu_dereference(b, "next"); kfree(b)',
    fixed: `const b = kzalloc(box, GFP_KERNEL)!
      rcu_read_lock(); rcu_dereference(b, "next"); rcu_read_unlock(); kfree(b)`,
  },
  'sleep.in-atomic': {
    top: "const lock = DEFINE_SPINLOCK('lock'), inner = DEFINE_MUTEX('inner')",
    broken: 'spin_lock(lock); mutex_lock(inner); mutex_unlock(inner); spin_unlock(lock)',
    fixed: 'mutex_lock(inner); spin_lock(lock); spin_unlock(lock); mutex_unlock(inner)',
  },
  'sleep.scheduling-while-atomic': {
    broken: 'preempt_disable(); schedule_timeout_uninterruptible(1); preempt_enable()',
    fixed: 'preempt_disable(); preempt_enable(); schedule_timeout_uninterruptible(1)',
  },
  'sleep.non-blocking-section': {
    broken: 'non_block_start(); msleep(1); non_block_end()',
    fixed: 'non_block_start(); non_block_end(); msleep(1)',
  },
  'sysfs.duplicate-name': {
    broken: `const a = kobject_create_and_add('twin', null), b = kobject_create_and_add('twin', null)
      kobject_put(b); kobject_put(a)`,
    fixed: `const a = kobject_create_and_add('twin', null), b = kobject_create_and_add('other', null)
      kobject_put(b); kobject_put(a)`,
  },
  'workqueue.lockup': {
    top: `const next = DECLARE_WORK('next', () => {})
      function both(hog: work_struct) {
        schedule_work_on(1, hog); msleep(4); schedule_work_on(1, next); msleep(80000)
      }`,
    broken: `both(DECLARE_WORK('hog', () => { preempt_disable(); mdelay(70000); preempt_enable() }))`,
    fixed: `both(DECLARE_WORK('hog', () => { msleep(70000) }))`,
  },
  'soft-lockup': {
    top: 'class box { ready = false }\nconst b = new box()',
    broken: 'preempt_disable(); while (!READ_ONCE(b, "ready")) cpu_relax(); preempt_enable()',
    fixed: `b.ready = true; preempt_disable(); while (!READ_ONCE(b, "ready")) cpu_relax()
      preempt_enable()`,
  },
  'hard-lockup': {
    top: 'class box { ready = false }\nconst b = new box()',
    broken: 'local_irq_disable(); while (!READ_ONCE(b, "ready")) cpu_relax(); local_irq_enable()',
    fixed: `b.ready = true; local_irq_disable(); while (!READ_ONCE(b, "ready")) cpu_relax()
      local_irq_enable()`,
  },
  'hung-task': {
    top: "const done = new completion()",
    broken: 'init_completion(done); wait_for_completion(done)',
    fixed: 'init_completion(done); complete(done); wait_for_completion(done)',
  },
  'oops.null-deref': {
    top: 'class box { n = 0 }\nlet b: box | null = null',
    broken: 'pr_info("%d", b!.n)',
    fixed: 'if (b) pr_info("%d", b.n)',
  },
  'irq.bogus-return': {
    top: `let answer = 0
      function line(): number {
        const irq = irq_alloc_desc(NUMA_NO_NODE)
        irq_set_chip_and_handler(irq, dummy_irq_chip, handle_simple_irq)
        return irq
      }
      const once = (irq: number) => {
        if (request_irq(irq, () => answer, 0, 'klab', line)) return
        generic_handle_irq_safe(irq); free_irq(irq, line)
      }`,
    broken: 'answer = 77; const irq = line(); once(irq); irq_free_desc(irq)',
    fixed: 'answer = IRQ_HANDLED; const irq = line(); once(irq); irq_free_desc(irq)',
  },
  'kasan.invalid-free': {
    top: 'class box { n = 0 }\nconst at_rest = new box()',
    broken: 'kfree(at_rest)',
    fixed: 'kfree(kzalloc(box, GFP_KERNEL))',
  },
  'refcount.underflow': {
    broken: 'const r = new refcount_t(); refcount_set(r, 0); refcount_dec_and_test(r)',
    fixed: 'const r = new refcount_t(); refcount_set(r, 1); refcount_dec_and_test(r)',
  },
  'refcount.saturated': {
    broken: 'const r = new refcount_t(); refcount_set(r, 0x7fffffff); refcount_inc(r)',
    fixed: 'const r = new refcount_t(); refcount_set(r, 0x7ffffffe); refcount_inc(r)',
  },
  'oops.bug': { broken: 'BUG_ON(1 > 0)', fixed: 'BUG_ON(1 < 0)' },
  'odebug.free-active': {
    top: 'class box { timer = new timer_list() }',
    broken: `const b = kzalloc(box, GFP_KERNEL)!; timer_setup(b.timer, () => {}, 0)
      mod_timer(b.timer, jiffies + 100); kfree(b)`,
    fixed: `const b = kzalloc(box, GFP_KERNEL)!; timer_setup(b.timer, () => {}, 0)
      mod_timer(b.timer, jiffies + 100); timer_delete_sync(b.timer); kfree(b)`,
  },
  'odebug.init-active': {
    top: 'const work = new work_struct()',
    broken: `INIT_WORK(work, () => {}); preempt_disable(); schedule_work(work)
      INIT_WORK(work, () => {}); preempt_enable()`,
    fixed: 'INIT_WORK(work, () => {}); schedule_work(work); flush_work(work); INIT_WORK(work, () => {})',
  },
  'rcu.double-call': {
    top: 'class box { rcu = new rcu_head() }\nconst b = new box()',
    broken: 'call_rcu(b.rcu, () => {}); call_rcu(b.rcu, () => {}); rcu_barrier()',
    fixed: 'call_rcu(b.rcu, () => {}); rcu_barrier(); call_rcu(b.rcu, () => {}); rcu_barrier()',
  },
  'refcount.addition-on-0': {
    broken: 'const r = new refcount_t(); refcount_set(r, 0); refcount_inc(r)',
    fixed: 'const r = new refcount_t(); refcount_set(r, 1); refcount_inc(r)',
  },
  'text.execute-after-unload': {
    top: 'class box { timer = new timer_list() }\nlet b: box\nlet careful = true',
    broken: 'b = kzalloc(box, GFP_KERNEL)!; timer_setup(b.timer, () => {}, 0); careful = false',
    fixed: 'b = kzalloc(box, GFP_KERNEL)!; timer_setup(b.timer, () => {}, 0)',
    exit: `mod_timer(b.timer, jiffies + 5)
      if (careful) { timer_shutdown_sync(b.timer); kfree(b) }`,
  },
  'workqueue.leaked-atomic': {
    broken: 'const w = DECLARE_WORK("w", () => { preempt_disable() }); schedule_work(w); flush_work(w)',
    fixed: `const w = DECLARE_WORK("w", () => { preempt_disable(); preempt_enable() })
      schedule_work(w); flush_work(w)`,
  },
  deadlock: {
    top: `const lock = DEFINE_SPINLOCK('lock')`,
    broken: 'spin_lock(lock); spin_lock(lock)',
    fixed: 'spin_lock(lock); spin_unlock(lock); spin_lock(lock); spin_unlock(lock)',
  },
  'race.data': {
    top: `class box { n = 0 }
      const shared = new box()
      const lock = DEFINE_SPINLOCK('lock')
      ${threadsOf('shared.n++', 'shared.n++')}`,
    broken: spawnTwo,
    fixed: `spin_lock(lock); shared.n++; spin_unlock(lock)`,
  },
}
