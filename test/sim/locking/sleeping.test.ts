import { expect, test } from 'vitest'
import { randomStrategy } from '../../../src-sim/engine/strategies/random'
import { point, type Sim } from '../../../src-sim/engine/suspend'
import { locking } from '../../../src-sim/kernel/locking/locking'
import { machine } from '../../../src-sim/engine/current'
import * as b from '../../../src-sim/linux/bit_spinlock'
import * as bits from '../../../src-sim/linux/bitops'
import { scoped_guard } from '../../../src-sim/linux/cleanup'
import { msleep } from '../../../src-sim/linux/delay'
import * as k from '../../../src-sim/linux/kthread'
import * as l from '../../../src-sim/linux/list'
import * as m from '../../../src-sim/linux/mutex'
import * as n from '../../../src-sim/linux/notifier'
import * as p from '../../../src-sim/linux/percpu_rwsem'
import * as rt from '../../../src-sim/linux/rtmutex'
import * as s from '../../../src-sim/linux/rwsem'
import * as sched from '../../../src-sim/linux/sched'
import * as sem from '../../../src-sim/linux/semaphore'
import * as seq from '../../../src-sim/linux/seqlock'
import { ptr } from '../../../src-sim/linux/types'
import * as ww from '../../../src-sim/linux/ww_mutex'
import { kinds, run, sim } from '../harness'

const step = (): ReturnType<typeof point> => point(step, null)
const go = (f: () => Sim<number>, name = 't'): k.task_struct => k.kthread_run(f as never, null, name)

test('LOCK-08 a queued writer holds back later readers; downgrade lets readers in, not writers', () => {
  const order: string[] = []
  run(function* () {
    const x = s.DECLARE_RWSEM('x')
    yield* sim(s.down_read(x))
    go(function* () {
      yield* sim(s.down_write(x))
      order.push('writer')
      s.downgrade_write(x)
      order.push(`r${s.down_read_trylock(x)} w${s.down_write_trylock(x)}`)
      s.up_read(x)
      s.up_read(x)
      return 0
    })
    yield* sim(msleep(1))
    go(function* () {
      yield* sim(s.down_read(x))
      order.push('reader')
      s.up_read(x)
      return 0
    })
    yield* sim(msleep(1))
    expect(order).toEqual([])
    s.up_read(x)
    yield* sim(msleep(5))
  })
  expect(order[0]).toBe('writer')
  expect(order).toContain('r1 w0')
  expect(order).toContain('reader')
})

test('LOCK-08 up_write by somebody else is reported', () => {
  const machine_ = run(function* () {
    const x = s.DECLARE_RWSEM('x')
    s.up_write(x)
    yield step()
  })
  expect(machine_.findings[0]!.report.join('\n')).toContain('DEBUG_RWSEMS_WARN_ON((rwsem_owner(sem)')
})

test('LOCK-10 a percpu writer excludes readers and waits for those inside', () => {
  for (let seed = 1; seed < 40; seed++) {
    let inside = 0
    let bad = 0
    const machine_ = run(
      function* () {
        const x = p.DEFINE_STATIC_PERCPU_RWSEM('x')
        let over = 0
        for (let i = 0; i < 2; i++)
          go(function* () {
            for (let j = 0; j < 3; j++) {
              yield step()
              yield* sim(p.percpu_down_read(x))
              inside++
              yield step()
              inside--
              p.percpu_up_read(x)
            }
            over++
            return 0
          })
        while (over < 2) {
          yield* sim(p.percpu_down_write(x))
          bad += inside
          yield step()
          bad += inside
          p.percpu_up_write(x)
        }
      },
      { seed, strategy: randomStrategy(seed) },
    )
    expect(machine_.stop).toBe('finished')
    expect(bad).toBe(0)
  }
})

test('LOCK-11 a seqlock reader never keeps a torn pair, under every schedule tried', () => {
  for (let seed = 1; seed < 60; seed++) {
    let torn = 0
    run(
      function* () {
        const lock = seq.DEFINE_SEQLOCK('lock')
        const data = { a: 0, b: 0 }
        let over = false
        go(function* () {
          for (let i = 1; i < 5; i++) {
            yield* sim(seq.write_seqlock(lock))
            data.a = i
            yield step()
            data.b = i
            seq.write_sequnlock(lock)
            yield step()
          }
          over = true
          return 0
        })
        while (!over) {
          let a: number
          let second: number
          let start: number
          do {
            start = yield* sim(seq.read_seqbegin(lock))
            a = data.a
            yield step()
            second = data.b
          } while (seq.read_seqretry(lock, start))
          if (a !== second) torn++
          yield step()
        }
      },
      { seed, strategy: randomStrategy(seed) },
    )
    expect(torn).toBe(0)
  }
})

test('LOCK-12 a semaphore hands over directly, first come first served, and times out with -ETIME', () => {
  const order: number[] = []
  run(function* () {
    const x = sem.DEFINE_SEMAPHORE('x', 1)
    expect(sem.down_trylock(x)).toBe(0)
    expect(sem.down_trylock(x)).toBe(1)
    expect(yield* sim(sem.down_timeout(x, 3))).toBe(-62)
    for (let i = 0; i < 3; i++) {
      go(function* () {
        yield* sim(sem.down(x))
        order.push(i)
        sem.up(x)
        return 0
      })
      yield* sim(msleep(1))
    }
    sem.up(x)
    expect(x.count).toBe(0)
    yield* sim(msleep(5))
    expect(x.count).toBe(1)
  })
  expect(order).toEqual([0, 1, 2])
})

test.each([
  ['wound-wait', ww.DEFINE_WW_CLASS],
  ['wait-die', ww.DEFINE_WD_CLASS],
])('LOCK-07 %s: two contexts that take two locks in opposite orders both get through', (_name, define) => {
  for (let seed = 1; seed < 80; seed++) {
    let done = 0
    const machine_ = run(
      function* () {
        const cls = define('cls')
        const locks = [new ww.ww_mutex(), new ww.ww_mutex()]
        for (const x of locks) ww.ww_mutex_init(x, cls)
        const both = (first: number) =>
          function* (): Sim<number> {
            const ctx = new ww.ww_acquire_ctx()
            ww.ww_acquire_init(ctx, cls)
            const held: ww.ww_mutex[] = []
            const want = [locks[first]!, locks[1 - first]!]
            for (let i = 0; i < 2; i++) {
              yield step()
              if (held.includes(want[i]!)) continue
              const ret = yield* sim(ww.ww_mutex_lock(want[i]!, ctx))
              if (ret === 0) {
                held.push(want[i]!)
                continue
              }
              expect(ret).toBe(-35)
              for (const x of held.splice(0)) ww.ww_mutex_unlock(x)
              yield* sim(ww.ww_mutex_lock_slow(want[i]!, ctx))
              held.push(want[i]!)
              i = -1
            }
            ww.ww_acquire_done(ctx)
            for (const x of held) ww.ww_mutex_unlock(x)
            ww.ww_acquire_fini(ctx)
            done++
            return 0
          }
        go(both(0))
        go(both(1))
        while (done < 2) yield* sim(msleep(1))
      },
      { seed, strategy: randomStrategy(seed) },
    )
    expect(machine_.stop).toBe('finished')
    expect(kinds(machine_)).toEqual([])
  }
})

test('LOCK-15 injected -EDEADLK makes a second lock fail although nobody is in the way', () => {
  run(function* () {
    locking(machine()).wwInjection = true
    const cls = ww.DEFINE_WD_CLASS('cls')
    const locks = [0, 1, 2, 3].map(() => new ww.ww_mutex())
    for (const x of locks) ww.ww_mutex_init(x, cls)
    const ctx = new ww.ww_acquire_ctx()
    ww.ww_acquire_init(ctx, cls)
    const answers: number[] = []
    for (const x of locks) answers.push(yield* sim(ww.ww_mutex_lock(x, ctx)))
    expect(answers).toEqual([0, 0, -35, 0])
  })
})

test('an rt_mutex lends its owner the priority of the waiter', () => {
  run(function* () {
    const lock = new rt.rt_mutex()
    rt.rt_mutex_init(lock)
    const me = sched.get_current().$task
    const before = me.priority
    yield* sim(rt.rt_mutex_lock(lock))
    const t = k.kthread_create((function* (): Sim<number> {
      yield* sim(rt.rt_mutex_lock(lock))
      rt.rt_mutex_unlock(lock)
      return 0
    }) as never, null, 't')
    sched.sched_set_fifo(t)
    sched.wake_up_process(t)
    yield* sim(msleep(5))
    expect(me.priority).toBeLessThan(before)
    rt.rt_mutex_unlock(lock)
    expect(me.priority).toBe(before)
    yield* sim(msleep(5))
  })
})

test('bit locks exclude, and bits answer what they were', () => {
  run(function* () {
    const word = ptr(0)
    expect(bits.test_and_set_bit(3, word)).toBe(false)
    expect(bits.test_and_set_bit(3, word)).toBe(true)
    expect(word.value).toBe(8)
    expect(bits.test_and_clear_bit(3, word)).toBe(true)
    yield* sim(b.bit_spin_lock(0, word))
    expect(b.bit_spin_trylock(0, word)).toBe(0)
    b.bit_spin_unlock(0, word)
    const map = new Uint32Array(2)
    bits.set_bit(40, map)
    expect([bits.find_first_bit(map, 64), bits.find_first_zero_bit(map, 64)]).toEqual([40, 0])
  })
})

test('a guard gives the lock back when its body throws', () => {
  run(function* () {
    const lock = m.DEFINE_MUTEX('lock')
    expect(yield* sim(scoped_guard('mutex', lock, () => (m.mutex_is_locked(lock) ? 7 : 0)))).toBe(7)
    let caught = false
    try {
      yield* sim(scoped_guard('mutex', lock, () => {
        throw new Error('x')
      }))
    } catch {
      caught = true
    }
    expect(caught).toBe(true)
    expect(m.mutex_is_locked(lock)).toBe(false)
  })
})

class dev {
  node = new l.list_head()
  readonly id: number
  constructor(id = 0) {
    this.id = id
    this.node.$parent = this
    this.node.$field = 'node'
  }
}

test('lists keep their order, survive removal while walking safely, and report a second removal', () => {
  const machine_ = run(function* () {
    const head = l.LIST_HEAD()
    const devs = [1, 2, 3].map((id) => new dev(id))
    for (const d of devs) l.list_add_tail(d.node, head)
    const ids = (): number[] => [...l.list_for_each_entry(head, dev, 'node')].map((d) => d.id)
    expect(ids()).toEqual([1, 2, 3])
    for (const d of l.list_for_each_entry_safe(head, dev, 'node')) if (d.id === 2) l.list_del(d.node)
    expect(ids()).toEqual([1, 3])
    l.list_del(devs[1]!.node)
    yield step()
  })
  expect(kinds(machine_)).toEqual(['list.corruption'])
})

test('NTF-01 blocks are called by priority, equal ones by age; a stop ends the chain', () => {
  const called: string[] = []
  const machine_ = run(function* () {
    const head = new n.blocking_notifier_head()
    const block = (name: string, priority: number, ret: number): n.notifier_block =>
      new n.notifier_block({ priority, notifier_call: () => (called.push(name), ret) })
    const [a, b2, c, d] = [block('a', 0, 1), block('b', 5, 1), block('c', 0, 0x8001), block('d', -1, 1)]
    for (const x of [a, b2, c, d]) expect(yield* sim(n.blocking_notifier_chain_register(head, x))).toBe(0)
    expect(yield* sim(n.blocking_notifier_chain_register(head, a))).toBe(-17)
    expect(yield* sim(n.blocking_notifier_call_chain(head, 1, null))).toBe(0x8001)
    expect(yield* sim(n.blocking_notifier_chain_unregister(head, a))).toBe(0)
    expect(yield* sim(n.blocking_notifier_chain_unregister(head, a))).toBe(-2)
  })
  expect(called).toEqual(['b', 'a', 'c'])
  expect(kinds(machine_)).toEqual(['warn.notifier-twice'])
})

test('NTF-02 unregistering from a blocking chain waits for a running callback', () => {
  for (let seed = 1; seed < 40; seed++) {
    let running = 0
    let bad = 0
    run(
      function* () {
        const head = new n.blocking_notifier_head()
        const nb = new n.notifier_block({
          notifier_call: function* (): Sim<number> {
            running++
            yield step()
            running--
            return 1
          } as never,
        })
        yield* sim(n.blocking_notifier_chain_register(head, nb))
        go(function* () {
          yield* sim(n.blocking_notifier_call_chain(head, 1, null))
          return 0
        })
        yield step()
        yield* sim(n.blocking_notifier_chain_unregister(head, nb))
        bad += running
      },
      { seed, strategy: randomStrategy(seed) },
    )
    expect(bad).toBe(0)
  }
})
