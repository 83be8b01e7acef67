import { machine } from '../../src-sim/engine/current'
import { RELAX, type Sim } from '../../src-sim/engine/suspend'
import { msleep } from '../../src-sim/linux/delay'
import * as iw from '../../src-sim/linux/irq_work'
import * as k from '../../src-sim/linux/kthread'
import * as m from '../../src-sim/linux/mutex'
import { in_hardirq } from '../../src-sim/linux/preempt'
import * as r from '../../src-sim/linux/rcupdate'
import * as s from '../../src-sim/linux/rwsem'
import * as sched from '../../src-sim/linux/sched'
import { kfree, kzalloc, GFP_KERNEL } from '../../src-sim/linux/slab'
import * as sp from '../../src-sim/linux/spinlock'
import * as ww from '../../src-sim/linux/ww_mutex'
import { sim } from '../sim/harness'
import { probe, type ProbeOptions } from './harness'

const REPORTS =
  /^(refcount_t: |inconsistent \{|Voluntary context|klab\/\d\/\d+ is trying)/

const checked = (more: ProbeOptions = {}): ProbeOptions => ({
  reports: REPORTS,
  ...more,
})

function on(cpu: number, fn: (data: never) => Sim<number>): k.task_struct {
  const t = k.kthread_create(fn as never, null, 'klab/%d', cpu)
  k.kthread_bind(t, cpu)
  sched.get_task_struct(t)
  sched.wake_up_process(t)
  return t
}

probe('lock-aa', function* (klab) {
  const lock = m.DEFINE_MUTEX('m')
  let got = 0
  const t = on(0, function* () {
    yield* sim(m.mutex_lock(lock))
    klab('thread', 'first=1')
    yield* sim(m.mutex_lock(lock))
    got = 1
    return 0
  })
  yield* sim(msleep(1500))
  klab(
    'later',
    'second_got=%d state_uninterruptible=%d trylock_other=%d',
    got,
    t.__state & 2 ? 1 : 0,
    m.mutex_trylock(lock),
  )
}, checked())

probe('lock-abba-trylock', function* (klab) {
  const [a, b] = [m.DEFINE_MUTEX('a'), m.DEFINE_MUTEX('b')]
  yield* sim(m.mutex_lock(a))
  yield* sim(m.mutex_lock(b))
  m.mutex_unlock(b)
  m.mutex_unlock(a)
  yield* sim(m.mutex_lock(b))
  klab('trylock', 'a=%d', m.mutex_trylock(a))
  m.mutex_unlock(a)
  m.mutex_unlock(b)
  klab('end', 'done=1')
}, checked())

probe('lock-exit-held', function* (klab) {
  const lock = m.DEFINE_MUTEX('m')
  const t = on(0, function* () {
    yield* sim(m.mutex_lock(lock))
    klab('thread', 'exiting=1')
    return 0
  })
  yield* sim(msleep(500))
  klab('later', 'trylock=%d', m.mutex_trylock(lock))
  yield* sim(k.kthread_stop(t))
}, checked())

class held {
  m = new m.mutex()
}

probe('lock-free-held', function* (klab) {
  const o = kzalloc(held, GFP_KERNEL)!
  m.mutex_init(o.m)
  yield* sim(m.mutex_lock(o.m))
  kfree(o)
  klab('freed', 'returned=1')
}, checked())

probe('lock-irq-inversion-raw', function* (klab) {
  const lock = sp.DEFINE_RAW_SPINLOCK('s')
  let hit = 0
  const work = iw.IRQ_WORK_INIT_HARD(function* (): Sim {
    yield* sim(sp.raw_spin_lock(lock))
    hit = in_hardirq() ? 1 : 2
    sp.raw_spin_unlock(lock)
  } as never)
  iw.irq_work_queue(work)
  yield* sim(iw.irq_work_sync(work))
  klab('irq', 'hit=%d', hit)
  yield* sim(sp.raw_spin_lock(lock))
  klab('process', 'locked=1')
  sp.raw_spin_unlock(lock)
}, checked())

probe('lock-irq-safe-unsafe', function* (klab) {
  const safe = sp.DEFINE_RAW_SPINLOCK('safe')
  const unsafe = sp.DEFINE_RAW_SPINLOCK('unsafe')
  const work = iw.IRQ_WORK_INIT_HARD(function* (): Sim {
    yield* sim(sp.raw_spin_lock(safe))
    sp.raw_spin_unlock(safe)
  } as never)
  iw.irq_work_queue(work)
  yield* sim(iw.irq_work_sync(work))
  yield* sim(sp.raw_spin_lock(unsafe))
  sp.raw_spin_unlock(unsafe)
  klab('setup', 'done=1')
  const flags = yield* sim(sp.raw_spin_lock_irqsave(safe))
  yield* sim(sp.raw_spin_lock(unsafe))
  sp.raw_spin_unlock(unsafe)
  sp.raw_spin_unlock_irqrestore(safe, flags)
  klab('end', 'done=1')
}, checked())

probe('lock-nested', function* (klab) {
  const locks = [new m.mutex(), new m.mutex()]
  const key = {}
  for (const lock of locks) m.__mutex_init(lock, '&m[k]', key)
  yield* sim(m.mutex_lock(locks[0]!))
  yield* sim(m.mutex_lock_nested(locks[1]!, 1))
  klab('nested', 'locked=1')
  m.mutex_unlock(locks[1]!)
  m.mutex_unlock(locks[0]!)
  yield* sim(m.mutex_lock(locks[0]!))
  yield* sim(m.mutex_lock(locks[1]!))
  klab('plain', 'locked=1')
  m.mutex_unlock(locks[1]!)
  m.mutex_unlock(locks[0]!)
}, checked())

probe('lock-rcu-sleep', function* (klab) {
  r.rcu_read_lock()
  sched.might_sleep()
  klab('might_sleep', 'returned=1')
  yield* sim(msleep(10))
  klab('msleep', 'returned=1')
  r.rcu_read_unlock()
}, checked())

probe('lock-rcu-sync-inside', function* (klab) {
  r.rcu_read_lock()
  klab('sync', 'call=1')
  yield* sim(r.synchronize_rcu())
  klab('sync', 'returned=1')
}, checked({ endless: true, untilNs: 5e9 }))

probe('lock-rwsem-read-twice', function* (klab) {
  const sem = s.DECLARE_RWSEM('s')
  yield* sim(s.down_read(sem))
  klab('read', 'first=1')
  yield* sim(s.down_read(sem))
  klab('read', 'second=1')
  s.up_read(sem)
  s.up_read(sem)
}, checked())

probe('lock-schedule-atomic', function* (klab) {
  const lock = sp.DEFINE_SPINLOCK('s')
  const bound = yield* sim(sched.set_cpus_allowed_ptr(sched.get_current(), sched.cpumask_of(0)))
  klab('bind', 'ret=%d', bound)
  yield* sim(sp.spin_lock(lock))
  yield* sim(msleep(10))
  sp.spin_unlock(lock)
  klab('msleep', 'returned=1')
}, checked())

probe('lock-spin-aa', function* (klab) {
  const lock = sp.DEFINE_RAW_SPINLOCK('s')
  on(1, function* () {
    yield* sim(sp.raw_spin_lock(lock))
    klab('trylock', 'self=%d', sp.raw_spin_trylock(lock))
    yield* sim(sp.raw_spin_lock(lock))
    klab('second', 'got=1')
    return 0
  })
  const end = machine().nowNs + 1e9
  while (machine().nowNs < end) yield RELAX
  klab('later', 'locked=%d', sp.raw_spin_is_locked(lock))
  yield* sim(msleep(100_000_000))
}, checked({ endless: true, untilNs: 5e9 }))

probe('lock-unlock-not-held', function* (klab) {
  const lock = m.DEFINE_MUTEX('m')
  m.mutex_unlock(lock)
  klab('unlock', 'returned=1')
  klab('trylock', 'ret=%d', m.mutex_trylock(lock))
  m.mutex_unlock(lock)
  yield* []
}, checked())

probe('lock-unlock-other', function* (klab) {
  const lock = m.DEFINE_MUTEX('m')
  yield* sim(m.mutex_lock(lock))
  const t = on(0, function* () {
    m.mutex_unlock(lock)
    klab('other', 'unlock_returned=1 locked=%d', m.mutex_is_locked(lock))
    yield* []
    return 0
  })
  yield* sim(msleep(300))
  yield* sim(k.kthread_stop(t))
  klab('owner', 'locked=%d', m.mutex_is_locked(lock))
}, checked())

probe('ww-wait-die', function* (klab) {
  const cls = ww.DEFINE_WD_CLASS('cls')
  const [a, b] = [new ww.ww_mutex(), new ww.ww_mutex()]
  const old = new ww.ww_acquire_ctx()
  ww.ww_mutex_init(a, cls)
  ww.ww_mutex_init(b, cls)
  ww.ww_acquire_init(old, cls)
  klab('old', 'lock_a=%d', yield* sim(ww.ww_mutex_lock(a, old)))
  const t = on(1, function* () {
    const young = new ww.ww_acquire_ctx()
    ww.ww_acquire_init(young, cls)
    klab('young', 'lock_b=%d', yield* sim(ww.ww_mutex_lock(b, young)))
    const ret = yield* sim(ww.ww_mutex_lock(a, young))
    klab('young', 'lock_a=%d', ret)
    yield* sim(msleep(200))
    ww.ww_mutex_unlock(b)
    if (ret === -35) {
      yield* sim(ww.ww_mutex_lock_slow(a, young))
      klab('young', 'slow_a=1')
    }
    ww.ww_mutex_unlock(a)
    ww.ww_acquire_fini(young)
    return 0
  })
  yield* sim(msleep(100))
  const ret = yield* sim(ww.ww_mutex_lock(b, old))
  klab('old', 'lock_b=%d', ret)
  if (ret === 0) ww.ww_mutex_unlock(b)
  ww.ww_mutex_unlock(a)
  ww.ww_acquire_fini(old)
  yield* sim(msleep(300))
  yield* sim(k.kthread_stop(t))
}, checked())
