import { expect, test } from 'vitest'
import { local_bh_disable, local_bh_enable } from '../../../src-sim/linux/bottom_half'
import { mdelay, msleep } from '../../../src-sim/linux/delay'
import { irqs_disabled, local_irq_disable, local_irq_enable } from '../../../src-sim/linux/irqflags'
import { HZ } from '../../../src-sim/linux/jiffies'
import * as kt from '../../../src-sim/linux/kthread'
import { DEFINE_MUTEX, mutex_lock, mutex_unlock } from '../../../src-sim/linux/mutex'
import * as pr from '../../../src-sim/linux/printk'
import { DEFINE_RATELIMIT_STATE, __ratelimit } from '../../../src-sim/linux/ratelimit'
import * as r from '../../../src-sim/linux/rcupdate'
import { GFP_KERNEL, kfree, kzalloc } from '../../../src-sim/linux/slab'
import * as w from '../../../src-sim/linux/workqueue'
import { kcall, sim } from '../../sim/harness'
import { checked } from '../checked'

class node {
  value = 0
  rcu = new r.rcu_head()
  work = new w.work_struct()
}

test('LOCK-01 after a KASAN report the lock checks are off, and that is said', () => {
  const { dmesg, kinds } = checked(function* () {
    const object = kzalloc(node, GFP_KERNEL)!
    kfree(object)
    yield* kcall(kfree, object)
    const lock = DEFINE_MUTEX('lock')
    yield* sim(mutex_lock(lock))
    mutex_unlock(lock)
    mutex_unlock(lock)
  })
  expect(dmesg).toContain('Disabling lock debugging due to kernel taint')
  expect(kinds).toEqual(['kasan.double-free'])
})

test('RCU-04 a head queued twice is told by ODEBUG first, and its callback runs no more', () => {
  const { dmesg, log } = checked(function* (say) {
    const object = kzalloc(node, GFP_KERNEL)!
    r.call_rcu(object.rcu, () => say('first'))
    r.call_rcu(object.rcu, () => say('second'))
    yield* sim(r.rcu_barrier())
    kfree(object)
  })
  const told = dmesg.filter((line) => /^(ODEBUG|__call_rcu)/.test(line))
  expect(told[0]).toMatch(/^ODEBUG: activate active \(active state 1\) object: \w+ object type: rcu_head hint: 0x0$/)
  expect(told[1]).toMatch(/^ODEBUG: active_state active \(active state 1\)/)
  expect(told[2]).toMatch(/^__call_rcu_common\(\): Double-freed CB \w+->\w+.*\(\)!!! {2}$/)
  expect(log).toEqual([])
})

test('RCU-04 freeing memory with a queued head in it is told when it is freed', () => {
  const { dmesg } = checked(function* () {
    const object = kzalloc(node, GFP_KERNEL)!
    r.call_rcu(object.rcu, () => {})
    kfree(object)
    yield* sim(r.rcu_barrier())
  })
  expect(dmesg[1]).toMatch(/^ODEBUG: free active \(active state 1\) .* object type: rcu_head hint: 0x0$/)
  expect(dmesg).toContain('BUG: KASAN: slab-use-after-free in rcu_cblist_dequeue+0x0/0x10')
})

test('the report of freed memory names who queued something in it last', () => {
  const { dmesg } = checked(function* () {
    const object = kzalloc(node, GFP_KERNEL)!
    w.INIT_WORK(object.work, () => {})
    w.schedule_work(object.work)
    yield* sim(w.flush_work(object.work))
    kfree(object)
    yield* kcall(kfree, object)
  })
  expect(dmesg).toContain('Last potentially related work creation:')
})

test('WQ-37 waiting for bottom-half work is no reason for an irq report', () => {
  const { kinds } = checked(function* () {
    const work = w.DECLARE_WORK('work', () => {})
    for (let i = 0; i < 2; i++) {
      w.queue_work(w.system_bh_wq, work)
      yield* sim(w.flush_work(work))
    }
  })
  expect(kinds).toEqual([])
})

test('CTX-05 enabling bottom halves with interrupts off warns once and leaves them on', () => {
  const { kinds, log } = checked(function* (say) {
    for (let i = 0; i < 2; i++) {
      local_irq_disable()
      local_bh_disable()
      yield* sim(local_bh_enable())
      say(irqs_disabled())
      local_irq_enable()
    }
  })
  expect(log).toEqual(['false', 'false'])
  expect(kinds).toEqual(['warn.bh-enable-irqs-off'])
})

test('a rate limit lets a burst pass and tells how many it swallowed', () => {
  const { log, dmesg } = checked(function* (say) {
    const state = DEFINE_RATELIMIT_STATE('state', +HZ, 2)
    const passed = (): string => [1, 2, 3, 4].map(() => __ratelimit(state)).join('')
    say(passed())
    yield* sim(msleep(1200))
    say(passed())
  })
  expect(log).toEqual(['1100', '1100'])
  expect(dmesg.filter((line) => /2 callbacks suppressed$/.test(line))).toHaveLength(1)
})

test('a message of the once kind is printed once at its place', () => {
  const { dmesg } = checked(function* () {
    const say = (): unknown => pr.pr_info_once('hello\n')
    say()
    say()
    yield* sim(msleep(1))
  })
  expect(dmesg.filter((line) => line === 'hello')).toHaveLength(1)
})

test('WQ-11 locks are told by their number when a work function leaves one held', () => {
  const { dmesg } = checked(function* () {
    const lock = DEFINE_MUTEX('lock')
    const work = w.DECLARE_WORK('work', function* leaky() {
      yield* sim(mutex_lock(lock))
    } as never)
    w.schedule_work(work)
    yield* sim(w.flush_work(work))
  })
  expect(dmesg).toContain('     preempt=0x00000000 lock=0->1 RCU=0->0 workfn=leaky')
})

test('LD-R11 a thread that ends with a mutex held is told, with its name', () => {
  const { dmesg } = checked(function* () {
    const lock = DEFINE_MUTEX('lock')
    kt.kthread_run(function* () {
      yield* sim(mutex_lock(lock))
    } as never, null, 'holder')
    yield* sim(msleep(20))
    yield* sim(mdelay(1))
  })
  expect(dmesg.some((line) => /^WARNING: holder\/\d+ still has locks held!$/.test(line))).toBe(true)
})
