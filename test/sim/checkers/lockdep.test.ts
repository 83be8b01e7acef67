import { expect, test } from 'vitest'
import { attachAtomicSleep } from '../../../src-sim/checkers/atomic-sleep'
import { attachHungTask } from '../../../src-sim/checkers/hung-task'
import { attachLockdep } from '../../../src-sim/checkers/lockdep'
import type { Machine } from '../../../src-sim/engine/machine'
import type { Sim } from '../../../src-sim/engine/suspend'
import { msleep } from '../../../src-sim/linux/delay'
import { local_irq_disable, local_irq_enable } from '../../../src-sim/linux/irqflags'
import * as k from '../../../src-sim/linux/kthread'
import * as m from '../../../src-sim/linux/mutex'
import * as r from '../../../src-sim/linux/rcupdate'
import * as sched from '../../../src-sim/linux/sched'
import * as s from '../../../src-sim/linux/spinlock'
import * as srcu from '../../../src-sim/linux/srcu'
import * as t from '../../../src-sim/linux/timer'
import * as w from '../../../src-sim/linux/wait'
import * as wq from '../../../src-sim/linux/workqueue'
import {
  lock_class_key,
  lockdep_assert_held,
  lockdep_set_class,
} from '../../../src-sim/linux/lockdep'
import { jiffies } from '../../../src-sim/linux/jiffies'
import { boot, dmesg, kinds, sim } from '../harness'

function checked(main: () => Sim<unknown>, keepOn = false): Machine {
  const machine = boot(main)
  machine.inside(() => {
    attachLockdep(machine, { keepOn })
    attachAtomicSleep(machine)
  })
  machine.run()
  return machine
}

function* pair(a: m.mutex, b: m.mutex): Sim {
  yield* sim(m.mutex_lock(a))
  yield* sim(m.mutex_lock(b))
  m.mutex_unlock(b)
  m.mutex_unlock(a)
}

test('LD-R02 a circular order is reported with its chain, although nothing deadlocks', () => {
  const machine = checked(function* () {
    const [a, b, c] = ['a', 'b', 'c'].map((n) => m.DEFINE_MUTEX(n)) as [m.mutex, m.mutex, m.mutex]
    yield* pair(a, b)
    yield* pair(b, c)
    yield* pair(c, a)
  })
  expect(kinds(machine)).toEqual(['lockdep.circular'])
  const text = dmesg(machine).join('\n')
  expect(text).toMatch(/=+\nWARNING: possible circular locking dependency detected\n/)
  expect(text).toContain('main/1 is trying to acquire lock:')
  expect(text).toMatch(/-> #2 \(c\).*[\s\S]*-> #1 \(b\).*[\s\S]*-> #0 \(a\)/)
  expect(text).toContain('  a --> b --> c')
  expect(text).toContain('1 lock held by main/1:')
  expect(text).toMatch(/ #0: [0-9a-f]{16} \(c\)\{\+\.\+\.\}-\{4:4\}, at: /)
})

test('LD-A16 the two orders may be taken by different tasks at different times', () => {
  const machine = checked(function* () {
    const [a, b] = [m.DEFINE_MUTEX('a'), m.DEFINE_MUTEX('b')]
    yield* pair(a, b)
    k.kthread_run((() => pair(b, a)) as never, null, 'other')
    yield* sim(msleep(10))
  })
  expect(kinds(machine)).toEqual(['lockdep.circular'])
})

test('LOCK-01 only the first report is seen, unless the machine is told to keep on', () => {
  const twice = function* (): Sim {
    const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((n) => m.DEFINE_MUTEX(n)) as m.mutex[]
    yield* pair(a!, b!)
    yield* pair(b!, a!)
    yield* pair(c!, d!)
    yield* sim(msleep(1))
    m.mutex_unlock(d!)
  }
  expect(kinds(checked(twice))).toEqual(['lockdep.circular'])
  expect(kinds(checked(twice, true))).toEqual(['lockdep.circular', 'lockdep.unlock-balance'])
})

test('CTX-12 a mutex under a spinlock: sleeping report first, then the wait context', () => {
  const machine = checked(function* () {
    const lock = s.DEFINE_SPINLOCK('lock')
    const mutex = m.DEFINE_MUTEX('mutex')
    yield* sim(s.spin_lock(lock))
    yield* sim(m.mutex_lock(mutex))
    m.mutex_unlock(mutex)
    s.spin_unlock(lock)
  })
  expect(kinds(machine)).toEqual(['sleep.in-atomic', 'lockdep.wait-context'])
  const text = dmesg(machine).join('\n')
  expect(text).toContain('BUG: sleeping function called from invalid context at kernel/locking/mutex.c:')
  expect(text).toContain('in_atomic(): 1, irqs_disabled(): 0, non_block: 0, pid: 1, name: main')
  expect(text).toContain('preempt_count: 1, expected: 0')
  expect(text).toContain('[ BUG: Invalid wait context ]')
  expect(text).toContain('context-{5:5}')
})

test('CTX-12 mutex_trylock in the same place is not reported', () => {
  const machine = checked(function* () {
    const lock = s.DEFINE_SPINLOCK('lock')
    const mutex = m.DEFINE_MUTEX('mutex')
    yield* sim(s.spin_lock(lock))
    expect(m.mutex_trylock(mutex)).toBe(1)
    m.mutex_unlock(mutex)
    s.spin_unlock(lock)
  })
  expect(kinds(machine)).toEqual([])
})

test('CTX-07 a blocking call between setting the state and schedule is reported once', () => {
  const machine = checked(function* () {
    const wait = w.DECLARE_WAIT_QUEUE_HEAD()
    const lock = m.DEFINE_MUTEX('lock')
    function* locked(): Sim<boolean> {
      yield* sim(m.mutex_lock(lock))
      m.mutex_unlock(lock)
      return true
    }
    let calls = 0
    yield* sim(w.wait_event(wait, () => (calls++ === 0 ? false : (locked() as never))))
  })
  expect(kinds(machine)).toEqual(['warn.blocking-op-in-wait'])
  expect(
    dmesg(machine).join('\n')).toContain('do not call blocking ops when !TASK_RUNNING; state=2',
  )
})

test('CTX-08 irqs off and non_block regions count as atomic; one report a second', () => {
  const machine = checked(function* () {
    local_irq_disable()
    sched.might_sleep()
    local_irq_enable()
    sched.non_block_start()
    sched.might_sleep()
    sched.non_block_end()
    yield* sim(msleep(1500))
    sched.non_block_start()
    sched.might_sleep()
    sched.non_block_end()
  })
  expect(dmesg(machine).filter((l) => l.startsWith('in_atomic'))).toEqual([
    'in_atomic(): 0, irqs_disabled(): 1, non_block: 0, pid: 1, name: main',
  ])
})

test('LD-R14 an rcu_dereference outside a reader is suspicious, and lockdep stays on', () => {
  const machine = checked(function* () {
    const dev = { config: 1 }
    r.rcu_dereference(dev, 'config')
    r.rcu_read_lock()
    r.rcu_dereference(dev, 'config')
    r.rcu_read_unlock()
    const [a, b] = [m.DEFINE_MUTEX('a'), m.DEFINE_MUTEX('b')]
    yield* pair(a, b)
    yield* pair(b, a)
  })
  expect(kinds(machine)).toEqual(['lockdep.rcu', 'lockdep.circular'])
  expect(dmesg(machine).join('\n')).toContain('suspicious rcu_dereference_check() usage!')
})

test('RCU-10 synchronize_srcu inside a reader of the same domain is recursive locking', () => {
  const machine = checked(function* () {
    const a = srcu.DEFINE_SRCU('a')
    const index = srcu.srcu_read_lock(a)
    k.kthread_run(function* (): Sim<number> {
      yield* sim(msleep(10))
      srcu.srcu_read_unlock(a, index)
      return 0
    } as never, null, 'other')
    yield* sim(srcu.synchronize_srcu(a))
  })
  expect(kinds(machine)[0]).toBe('lockdep.recursive')
})

test('LOCK-14 flushing a work while holding a mutex that it takes is circular', () => {
  const machine = checked(function* () {
    const lock = m.DEFINE_MUTEX('lock')
    const work = new wq.work_struct()
    wq.INIT_WORK(work, function* (): Sim {
      yield* sim(m.mutex_lock(lock))
      m.mutex_unlock(lock)
      yield* sim(msleep(20))
    } as never)
    wq.schedule_work(work)
    yield* sim(msleep(5))
    yield* sim(m.mutex_lock(lock))
    yield* sim(wq.flush_work(work))
    m.mutex_unlock(lock)
  })
  expect(kinds(machine)).toEqual(['lockdep.circular'])
  expect(dmesg(machine).join('\n')).toContain('(work_completion)')
})

test('LOCK-14 timer_delete_sync while holding a lock that the callback takes is reported', () => {
  const machine = checked(function* () {
    const lock = s.DEFINE_SPINLOCK('lock')
    const timer = new t.timer_list()
    t.timer_setup(timer, function* (): Sim {
      yield* sim(s.spin_lock(lock))
      s.spin_unlock(lock)
    } as never, 0)
    t.mod_timer(timer, +jiffies + 2)
    yield* sim(msleep(50))
    yield* sim(s.spin_lock_bh(lock))
    yield* sim(t.timer_delete_sync(timer))
    yield* sim(s.spin_unlock_bh(lock))
  })
  expect(kinds(machine)).toEqual(['lockdep.circular'])
})

test('LD-R05 a lock taken in a timer and with softirqs on is inconsistent', () => {
  const machine = checked(function* () {
    const lock = s.DEFINE_SPINLOCK('lock')
    const timer = new t.timer_list()
    t.timer_setup(timer, function* (): Sim {
      yield* sim(s.spin_lock(lock))
      s.spin_unlock(lock)
    } as never, 0)
    yield* sim(s.spin_lock(lock))
    s.spin_unlock(lock)
    t.mod_timer(timer, +jiffies + 2)
    yield* sim(msleep(50))
  })
  expect(kinds(machine)).toEqual(['lockdep.inconsistent'])
  expect(dmesg(machine)).toContain('inconsistent {SOFTIRQ-ON-W} -> {IN-SOFTIRQ-W} usage.')
})

test('LD-A12 locks put into classes of their own do not recurse', () => {
  const machine = checked(function* () {
    const locks = [new m.mutex(), new m.mutex()] as const
    const key = {}
    for (const lock of locks) m.__mutex_init(lock, 'lock', key)
    lockdep_set_class(locks[1], new lock_class_key())
    yield* pair(locks[0], locks[1])
  })
  expect(kinds(machine)).toEqual([])
})

test('lockdep_assert_held speaks when the lock is not held', () => {
  const machine = checked(function* () {
    const lock = m.DEFINE_MUTEX('lock')
    yield* sim(m.mutex_lock(lock))
    lockdep_assert_held(lock)
    m.mutex_unlock(lock)
    lockdep_assert_held(lock)
  })
  expect(kinds(machine)).toEqual(['warn.lockdep-assert'])
})

test('a task stuck for two checks is reported with the owner of the mutex', () => {
  const machine = boot(function* () {
    const lock = m.DEFINE_MUTEX('lock')
    yield* sim(m.mutex_lock(lock))
    k.kthread_run(function* (): Sim<number> {
      yield* sim(m.mutex_lock(lock))
      return 0
    } as never, null, 'stuck')
    k.kthread_run(function* (): Sim<number> {
      yield* sim(w.wait_event_killable(w.DECLARE_WAIT_QUEUE_HEAD(), () => false))
      return 0
    } as never, null, 'killable')
    for (let i = 0; i < 300; i++) yield* sim(msleep(1000))
  })
  attachHungTask(machine)
  machine.run()
  expect(kinds(machine)).toEqual(['hung-task'])
  expect(machine.findings[0]!.title).toBe('INFO: task stuck:2 blocked for more than 120 seconds.')
  expect(dmesg(machine)).toContain('INFO: task stuck:2 is blocked on a mutex likely owned by task main:1.')
})
