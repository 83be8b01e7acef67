import { expect, test } from 'vitest'
import { machine } from '../../../src-sim/engine/current'
import { RELAX, type Sim } from '../../../src-sim/engine/suspend'
import { warn } from '../../../src-sim/kernel/printk/warn'
import { msleep } from '../../../src-sim/linux/delay'
import { in_nmi, preempt_count } from '../../../src-sim/linux/preempt'
import { nmi_enter, nmi_exit } from '../../../src-sim/linux/hardirq'
import * as kt from '../../../src-sim/linux/kthread'
import { DEFINE_MUTEX, mutex_lock, mutex_unlock } from '../../../src-sim/linux/mutex'
import * as r from '../../../src-sim/linux/rcupdate'
import * as sched from '../../../src-sim/linux/sched'
import { GFP_ATOMIC, GFP_KERNEL, kfree, kzalloc } from '../../../src-sim/linux/slab'
import { DEFINE_SPINLOCK, spin_lock, spin_unlock } from '../../../src-sim/linux/spinlock'
import { sim } from '../../sim/harness'
import { checked } from '../checked'

test('CTX-08 an allocation that may sleep under a spinlock names the allocator', () => {
  const { dmesg } = checked(function* () {
    const lock = DEFINE_SPINLOCK('lock')
    yield* sim(spin_lock(lock))
    kfree(kzalloc(16, GFP_ATOMIC))
    kfree(kzalloc(16, GFP_KERNEL))
    spin_unlock(lock)
  })
  expect(dmesg[0]).toBe(
    'BUG: sleeping function called from invalid context at ./include/linux/sched/mm.h:321',
  )
  expect(dmesg.slice(1, 5)).toEqual([
    'in_atomic(): 1, irqs_disabled(): 0, non_block: 0, pid: 1, name: main',
    'preempt_count: 1, expected: 0',
    'RCU nest depth: 0, expected: 0',
    '1 lock held by main/1:',
  ])
})

test('CTX-09 a reader that might sleep shows its nesting, one that does is told once', () => {
  const { dmesg } = checked(function* () {
    r.rcu_read_lock()
    sched.might_sleep()
    yield* sim(msleep(5))
    yield* sim(msleep(5))
    r.rcu_read_unlock()
  })
  expect(dmesg).toContain('preempt_count: 0, expected: 0')
  expect(dmesg).toContain('RCU nest depth: 1, expected: 0')
  const told = 'Voluntary context switch within RCU read-side critical section!'
  expect(dmesg.filter((line) => line === told)).toHaveLength(1)
})

test('CTX-09 in BH and sched readers the RCU check speaks before the atomic one', () => {
  const { dmesg } = checked(function* () {
    r.rcu_read_lock_bh()
    sched.might_sleep()
    yield* sim(r.rcu_read_unlock_bh())
    r.rcu_read_lock_sched()
    sched.might_sleep()
    r.rcu_read_unlock_sched()
  })
  const spoken = dmesg.filter((line) => /Illegal context switch|sleeping function/.test(line))
  expect(spoken[0]).toMatch(/Illegal context switch in RCU-bh read-side critical section!$/)
  expect(spoken[1]).toMatch(/sleeping function called/)
  expect(spoken[2]).toMatch(/Illegal context switch in RCU-sched read-side critical section!$/)
})

test('CTX-09 with lazy preemption a reader is a region without preemption', () => {
  const { dmesg, log } = checked(
    function* (say) {
      r.rcu_read_lock()
      say(preempt_count())
      sched.might_sleep()
      r.rcu_read_unlock()
      say(preempt_count())
      yield* sim(msleep(1))
    },
    { preemption: 'lazy' },
  )
  expect(log).toEqual(['1', '0'])
  expect(dmesg.find((line) => line.includes('Illegal'))).toMatch(
    /Illegal context switch in RCU read-side critical section!$/,
  )
  expect(dmesg).toContain('preempt_count: 1, expected: 0')
})

test('CTX-10 a sleep with a spinlock held prints the counter, repairs it and goes on', () => {
  const { dmesg, log, kinds } = checked(function* (say) {
    const lock = DEFINE_SPINLOCK('lock')
    yield* sim(spin_lock(lock))
    yield* sim(msleep(5))
    say(preempt_count())
    spin_unlock(lock)
    say(preempt_count())
  })
  expect(dmesg[0]).toBe('BUG: scheduling while atomic: main/1/0x00000002')
  expect(kinds[0]).toBe('sleep.scheduling-while-atomic')
  expect(log).toEqual(['0', '-1'])
})

test('CTX-10 inside a region that must not block the text is another one', () => {
  const { dmesg } = checked(function* () {
    sched.non_block_start()
    yield* sim(msleep(5))
    sched.non_block_end()
  })
  expect(dmesg[0]).toMatch(/^BUG: scheduling in a non-blocking section: main\/1\/1/)
})

test('CTX-11 CTX-12 the counter sees a spinlock in every preemption model', () => {
  for (const preemption of ['full', 'lazy', 'none'] as const) {
    const { dmesg } = checked(
      function* () {
        const [lock, m] = [DEFINE_SPINLOCK('lock'), DEFINE_MUTEX('m')]
        yield* sim(spin_lock(lock))
        yield* sim(mutex_lock(m))
        mutex_unlock(m)
        spin_unlock(lock)
      },
      { preemption },
    )
    expect(dmesg[0]).toMatch(/^BUG: sleeping function called .* kernel\/locking\/mutex\.c/)
    expect(dmesg).toContain('[ BUG: Invalid wait context ]')
  }
})

test('CTX-15 a warning is the cut line, its text, then the place', () => {
  const { dmesg } = checked(function* () {
    yield* sim(msleep(1))
    warn(machine(), 'demo', 'kernel/demo.c at demo', 'a text')
  })
  expect(dmesg.slice(0, 3)).toEqual([
    '------------[ cut here ]------------', 'a text', 'WARNING: kernel/demo.c at demo, CPU#0: main/1',
  ])
})

test('CTX-11 without preemption a busy task gives way at cond_resched and nowhere else', () => {
  const order = (preemption: 'full' | 'none', resched: boolean): string[] =>
    checked(
      function* (say) {
        const task = kt.kthread_create(() => void say('other'), null, 'other')
        kt.kthread_bind(task, 0)
        sched.wake_up_process(task)
        const end = machine().nowNs + 20e6
        while (machine().nowNs < end) {
          if (resched) yield* sim(sched.cond_resched())
          yield RELAX
        }
        say('main')
        yield* sim(msleep(50))
      },
      { preemption, cpus: 1 },
    ).log
  expect(order('full', false)).toEqual(['other', 'main'])
  expect(order('none', false)).toEqual(['main', 'other'])
  expect(order('none', true)).toEqual(['other', 'main'])
})

test('CTX-01 nmi_enter counts in the bits of NMIs', () => {
  const { log } = checked(function* (say): Sim {
    nmi_enter()
    say(preempt_count().toString(16), in_nmi())
    nmi_exit()
    say(in_nmi())
    yield* sim(msleep(1))
  })
  expect(log).toEqual(['110000 true', 'false'])
})
