import { expect, test } from 'vitest'
import { randomStrategy } from '../../../src-sim/engine/strategies/random'
import { point, type Sim } from '../../../src-sim/engine/suspend'
import { installTrouble } from '../../../src-sim/kernel/sched/trouble'
import { msleep } from '../../../src-sim/linux/delay'
import * as k from '../../../src-sim/linux/kthread'
import * as r from '../../../src-sim/linux/rcupdate'
import * as s from '../../../src-sim/linux/srcu'
import { preempt_disable, preempt_enable } from '../../../src-sim/linux/preempt'
import { kzalloc, GFP_KERNEL } from '../../../src-sim/linux/slab'
import { wake_up_process } from '../../../src-sim/linux/sched'
import { boot, kinds, run, sim } from '../harness'

const step = (): ReturnType<typeof point> => point(step, null)
const thread = (f: () => Sim<number>, name: string): k.task_struct => k.kthread_create(f as never, null, name)

test.each(['reader', 'preempt off'])(
  'RCU-01 synchronize_rcu returns after every %s that began before it, under every schedule tried',
  (how) => {
    let early = 0
    for (let seed = 1; seed < 150; seed++) {
      const machine = run(
        function* () {
          const dev = { config: { valid: true } }
          let over = 0
          for (const name of ['a', 'b'])
            wake_up_process(
              thread(function* () {
                for (let i = 0; i < 3; i++) {
                  if (how === 'reader') r.rcu_read_lock()
                  else preempt_disable()
                  const config = r.rcu_access_pointer(dev, 'config')
                  for (let j = 0; j < 3; j++) {
                    yield step()
                    if (!config.valid) early++
                  }
                  if (how === 'reader') r.rcu_read_unlock()
                  else preempt_enable()
                  yield step()
                }
                over++
                return 0
              }, name),
            )
          while (over < 2) {
            const old = dev.config
            r.rcu_assign_pointer(dev, 'config', { valid: true })
            yield* sim(r.synchronize_rcu())
            old.valid = false
          }
        },
        { seed, strategy: randomStrategy(seed) },
      )
      expect(machine.stop).toBe('finished')
    }
    expect(early).toBe(0)
  },
)

test('RCU-01 it does not wait for readers that begin later', () => {
  const machine = run(function* () {
    wake_up_process(
      thread(function* () {
        yield* sim(msleep(4))
        r.rcu_read_lock()
        for (let i = 0; i < 2_000_000; i++) yield step()
        r.rcu_read_unlock()
        return 0
      }, 'late'),
    )
    yield* sim(r.synchronize_rcu())
  })
  expect(machine.nowNs).toBeLessThan(100_000_000)
})

test('RCU-03 callbacks of one CPU run in order, after a grace period, with softirqs off', () => {
  const order: string[] = []
  run(function* () {
    const a = new r.rcu_head()
    const b = new r.rcu_head()
    r.call_rcu(a, () => void order.push('a'))
    r.call_rcu(b, () => void order.push('b'))
    order.push('queued')
    yield* sim(r.rcu_barrier())
    order.push('barrier')
  })
  expect(order).toEqual(['queued', 'a', 'b', 'barrier'])
})

test('RCU-04 the second call_rcu of one head is reported and the object leaks', () => {
  const ran: number[] = []
  const machine = run(function* () {
    const head = new r.rcu_head()
    r.call_rcu(head, () => void ran.push(1))
    r.call_rcu(head, () => void ran.push(2))
    yield* sim(r.rcu_barrier())
  })
  expect(machine.findings[0]!.title).toMatch(/^__call_rcu_common\(\): Double-freed CB .*\(\)!!! {2}$/)
  expect(ran).toEqual([])
})

test('RCU-05 rcu_barrier without callbacks returns at once; it does not cover callbacks of callbacks', () => {
  let ran = 0
  run(function* () {
    yield* sim(r.rcu_barrier())
    const a = new r.rcu_head()
    const b = new r.rcu_head()
    r.call_rcu(a, () => r.call_rcu(b, () => void ran++))
    yield* sim(r.rcu_barrier())
    expect(ran).toBe(0)
    yield* sim(r.rcu_barrier())
    expect(ran).toBe(1)
  })
})

class node {
  rcu = new r.rcu_head()
}

test('RCU-07 kfree_rcu frees after the readers are gone', async () => {
  const { attachKasan } = await import('../../../src-sim/checkers/kasan')
  const machine = boot(function* () {
    const n = kzalloc(node, GFP_KERNEL) as node & { $dead?: unknown }
    r.rcu_read_lock()
    r.kfree_rcu(n, 'rcu')
    expect(n.$dead).toBeUndefined()
    r.rcu_read_unlock()
    yield* sim(r.synchronize_rcu())
    yield* sim(msleep(30))
    expect(n.$dead).toBeDefined()
  })
  attachKasan(machine)
  machine.run()
  expect(kinds(machine)).toEqual([])
})

test('RCU-02 synchronize_rcu inside a reader waits for itself', () => {
  const machine = boot(function* () {
    r.rcu_read_lock()
    yield* sim(r.synchronize_rcu())
  })
  installTrouble(machine)
  machine.run()
  expect(machine.stop).toBe('deadlock')
  expect(kinds(machine)).toContain('warn.rcu-context-switch')
  expect(kinds(machine)).toContain('hung-task')
})

test('RCU-10 synchronize_srcu waits for the readers of its domain only', () => {
  const order: string[] = []
  run(function* () {
    const a = s.DEFINE_SRCU('a')
    const b = s.DEFINE_SRCU('b')
    const index = s.srcu_read_lock(a)
    wake_up_process(
      thread(function* () {
        yield* sim(s.synchronize_srcu(b))
        order.push('b')
        yield* sim(s.synchronize_srcu(a))
        order.push('a')
        return 0
      }, 'sync'),
    )
    yield* sim(msleep(20))
    order.push('leave')
    s.srcu_read_unlock(a, index)
    yield* sim(msleep(20))
  })
  expect(order).toEqual(['b', 'leave', 'a'])
})

test('RCU-11 srcu callbacks run after a grace period and srcu_barrier waits for them', () => {
  const order: string[] = []
  const machine = run(function* () {
    const a = s.DEFINE_SRCU('a')
    const head = new r.rcu_head()
    s.call_srcu(a, head, () => void order.push('callback'))
    yield* sim(s.srcu_barrier(a))
    order.push('barrier')
    s.cleanup_srcu_struct(a)
  })
  expect(order).toEqual(['callback', 'barrier'])
  expect(kinds(machine)).toEqual([])
})

test('RCU-12 cleaning up a domain with a reader in it is a warning', () => {
  const machine = run(function* () {
    const a = s.DEFINE_SRCU('a')
    s.srcu_read_lock(a)
    s.cleanup_srcu_struct(a)
    yield step()
  })
  expect(kinds(machine)).toEqual(['warn.srcu-cleanup'])
})

test('a reader that never ends is reported as a stall while a grace period waits', () => {
  const machine = run(function* () {
    wake_up_process(
      thread(function* () {
        r.rcu_read_lock()
        for (let i = 0; i < 40; i++) yield* sim(msleep(1000))
        return 0
      }, 'reader'),
    )
    yield* sim(msleep(1))
    r.call_rcu(new r.rcu_head(), () => {})
    yield* sim(msleep(35_000))
  })
  expect(kinds(machine)).toContain('rcu.stall')
})
