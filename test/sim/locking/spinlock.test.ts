import { expect, test } from 'vitest'
import { randomStrategy } from '../../../src-sim/engine/strategies/random'
import { point, type Sim } from '../../../src-sim/engine/suspend'
import { installTrouble } from '../../../src-sim/kernel/sched/trouble'
import { msleep } from '../../../src-sim/linux/delay'
import * as k from '../../../src-sim/linux/kthread'
import * as s from '../../../src-sim/linux/spinlock'
import { irqs_disabled } from '../../../src-sim/linux/irqflags'
import { preempt_count } from '../../../src-sim/linux/preempt'
import { wake_up_process } from '../../../src-sim/linux/sched'
import { ptr } from '../../../src-sim/linux/types'
import { boot, kinds, run, sim } from '../harness'

const msleepOne = (): void => msleep(1)
const step = (): ReturnType<typeof point> => point(step, null)

test('LOCK-04 a spinlock excludes under every schedule tried', () => {
  for (let seed = 0; seed < 100; seed++) {
    let count = 0
    function* worker(lock: s.spinlock_t): Sim<number> {
      for (let i = 0; i < 4; i++) {
        yield step()
        yield* sim(s.spin_lock(lock))
        const old = count
        yield step()
        count = old + 1
        s.spin_unlock(lock)
      }
      return 0
    }
    const machine = run(
      function* () {
        const lock = s.DEFINE_SPINLOCK('lock')
        const tasks = [0, 1, 2].map((i) => k.kthread_create(worker as never, lock, 'w%d', i))
        for (const t of tasks) k.kthread_bind(t, t.pid % 2)
        for (const t of tasks) wake_up_process(t)
        yield step()
        while (count < 12) yield* sim(msleepOne())
      },
      { seed, strategy: seed === 0 ? undefined : randomStrategy(seed) },
    )
    expect(machine.stop).toBe('finished')
    expect(count).toBe(12)
  }
})

test('LOCK-04 the variants save and restore interrupts, softirqs and preemption', () => {
  run(function* () {
    const lock = s.DEFINE_SPINLOCK('lock')
    const flags = yield* sim(s.spin_lock_irqsave(lock))
    expect(irqs_disabled()).toBe(true)
    expect(preempt_count()).toBe(1)
    s.spin_unlock_irqrestore(lock, flags)
    expect(irqs_disabled()).toBe(false)
    const saved = ptr<number>()
    yield* sim(s.spin_lock_irqsave(lock, saved))
    s.spin_unlock_irqrestore(lock, saved)
    expect(irqs_disabled()).toBe(false)
    yield* sim(s.spin_lock_bh(lock))
    expect(preempt_count()).toBe(0x201)
    yield* sim(s.spin_unlock_bh(lock))
    expect(preempt_count()).toBe(0)
    yield* sim(s.spin_lock_irq(lock))
    s.spin_unlock_irq(lock)
    expect(preempt_count()).toBe(0)
  })
})

test('LOCK-03 spin_trylock of a lock one holds answers 0 without a report', () => {
  const machine = run(function* () {
    const lock = s.DEFINE_SPINLOCK('lock')
    yield* sim(s.spin_lock(lock))
    expect(s.spin_trylock(lock)).toBe(0)
    s.spin_unlock(lock)
    expect(s.spin_trylock(lock)).toBe(1)
    s.spin_unlock(lock)
  })
  expect(kinds(machine)).toEqual([])
})

test('LOCK-02 the debug checks name recursion and the machine then stands still', () => {
  const machine = boot(function* () {
    const lock = s.DEFINE_SPINLOCK('lock')
    yield* sim(s.spin_lock(lock))
    yield* sim(s.spin_lock(lock))
  })
  installTrouble(machine)
  machine.run()
  expect(machine.findings[0]!.title).toBe('BUG: spinlock recursion on CPU#0, main/1')
  expect(kinds(machine)).toEqual(['spinlock.recursion', 'deadlock'])
})

test('LOCK-02 unlocking a free lock is reported as already unlocked', () => {
  const machine = run(function* () {
    const lock = s.DEFINE_SPINLOCK('lock')
    s.spin_unlock(lock)
  })
  expect(machine.findings[0]!.title).toContain('BUG: spinlock already unlocked')
})

test('LOCK-02 a lock that was never initialised has a bad magic', () => {
  const machine = run(function* () {
    yield* sim(s.spin_lock(new s.spinlock_t()))
  })
  expect(machine.findings[0]!.title).toContain('BUG: spinlock bad magic')
})

test('LOCK-09 a read lock in task context waits behind a queued writer', () => {
  const order: string[] = []
  function* writer(lock: s.rwlock_t): Sim<number> {
    yield* sim(s.write_lock(lock))
    order.push('writer')
    s.write_unlock(lock)
    return 0
  }
  function* reader(lock: s.rwlock_t): Sim<number> {
    yield* sim(msleepOne())
    yield* sim(s.read_lock(lock))
    order.push('reader')
    s.read_unlock(lock)
    return 0
  }
  run(
    function* () {
      const lock = s.DEFINE_RWLOCK('lock')
      yield* sim(s.read_lock(lock))
      const w = k.kthread_create(writer as never, lock, 'w')
      const r = k.kthread_create(reader as never, lock, 'r')
      k.kthread_bind(w, 1)
      k.kthread_bind(r, 2)
      wake_up_process(w)
      wake_up_process(r)
      for (let i = 0; i < 50_000; i++) yield step()
      expect(order).toEqual([])
      s.read_unlock(lock)
      yield* sim(msleep(5))
    },
    { cpus: 3 },
  )
  expect(order).toEqual(['writer', 'reader'])
})
