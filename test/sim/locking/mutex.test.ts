import { expect, test } from 'vitest'
import { randomStrategy } from '../../../src-sim/engine/strategies/random'
import type { Sim } from '../../../src-sim/engine/suspend'
import { installTrouble } from '../../../src-sim/kernel/sched/trouble'
import * as k from '../../../src-sim/linux/kthread'
import * as m from '../../../src-sim/linux/mutex'
import {
  SIGINT,
  allow_signal,
  get_current,
  send_sig,
  wake_up_process,
} from '../../../src-sim/linux/sched'
import { msleep } from '../../../src-sim/linux/delay'
import { boot, kinds, run, sim } from '../harness'

test('LOCK-05 a mutex excludes: no schedule loses an increment', () => {
  for (let seed = 0; seed < 60; seed++) {
    let count = 0
    let done = 0
    function* worker(lock: m.mutex): Sim<number> {
      for (let i = 0; i < 3; i++) {
        yield* sim(m.mutex_lock(lock))
        const old = count
        yield* sim(msleep(1))
        count = old + 1
        m.mutex_unlock(lock)
      }
      done++
      return 0
    }
    const machine = run(
      function* () {
        const lock = m.DEFINE_MUTEX('lock')
        const tasks = [0, 1, 2].map((i) => k.kthread_create(worker as never, lock, 'w%d', i))
        for (const t of tasks) wake_up_process(t)
        while (done < 3) yield* sim(msleep(5))
      },
      { seed, strategy: seed === 0 ? undefined : randomStrategy(seed) },
    )
    expect(machine.stop).toBe('finished')
    expect(count).toBe(9)
  }
})

test('LOCK-05 waiters get the mutex in the order of their coming', () => {
  const order: number[] = []
  function* worker(box: { lock: m.mutex; n: number }): Sim<number> {
    yield* sim(m.mutex_lock(box.lock))
    order.push(box.n)
    m.mutex_unlock(box.lock)
    return 0
  }
  run(function* () {
    const lock = m.DEFINE_MUTEX('lock')
    yield* sim(m.mutex_lock(lock))
    for (let n = 0; n < 4; n++) {
      k.kthread_run(worker as never, { lock, n }, 'w%d', n)
      yield* sim(msleep(1))
    }
    m.mutex_unlock(lock)
    yield* sim(msleep(10))
  })
  expect(order).toEqual([0, 1, 2, 3])
})

test('LOCK-05 mutex_trylock answers 1 when it got the mutex and 0 when not', () => {
  run(function* () {
    const lock = m.DEFINE_MUTEX('lock')
    expect(m.mutex_trylock(lock)).toBe(1)
    expect(m.mutex_trylock(lock)).toBe(0)
    m.mutex_unlock(lock)
    expect(m.mutex_is_locked(lock)).toBe(false)
  })
})

test('LOCK-05 mutex_lock_interruptible answers -EINTR when a signal comes', () => {
  let result = 1
  function* worker(lock: m.mutex): Sim<number> {
    allow_signal(SIGINT)
    result = yield* sim(m.mutex_lock_interruptible(lock))
    return 0
  }
  run(function* () {
    const lock = m.DEFINE_MUTEX('lock')
    yield* sim(m.mutex_lock(lock))
    const t = k.kthread_run(worker as never, lock, 'w')
    yield* sim(msleep(5))
    send_sig(SIGINT, t, 0)
    yield* sim(msleep(5))
  })
  expect(result).toBe(-4)
})

test('a mutex that its owner takes again is a hung task in the end', () => {
  const machine = boot(function* () {
    const lock = m.DEFINE_MUTEX('lock')
    yield* sim(m.mutex_lock(lock))
    yield* sim(m.mutex_lock(lock))
  })
  installTrouble(machine)
  machine.run()
  expect(machine.stop).toBe('deadlock')
  expect(kinds(machine)).toEqual(['hung-task'])
  expect(machine.findings[0]!.report.join('\n')).toContain('is blocked on a mutex likely owned by task main:1.')
})

test('LOCK-06 an unlock by another task is reported and takes effect', () => {
  let locked = true
  function* worker(lock: m.mutex): Sim<number> {
    m.mutex_unlock(lock)
    locked = m.mutex_is_locked(lock)
    return 0
  }
  const machine = run(function* () {
    const lock = m.DEFINE_MUTEX('lock')
    yield* sim(m.mutex_lock(lock))
    k.kthread_run(worker as never, lock, 'w')
    yield* sim(msleep(5))
    expect(get_current().pid).toBe(1)
  })
  expect(kinds(machine)).toEqual(['warn.debug-locks'])
  expect(locked).toBe(false)
})

test('LOCK-06 a mutex that was never initialised is reported', () => {
  const machine = run(function* () {
    yield* sim(m.mutex_lock(new m.mutex()))
  })
  expect(machine.findings[0]!.report.join('\n')).toContain('DEBUG_LOCKS_WARN_ON(lock->magic != lock)')
})
