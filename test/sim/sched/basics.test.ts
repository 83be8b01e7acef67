import { expect, test } from 'vitest'
import { randomStrategy } from '../../../src-sim/engine/strategies/random'
import type { Sim } from '../../../src-sim/engine/suspend'
import * as c from '../../../src-sim/linux/completion'
import { msleep } from '../../../src-sim/linux/delay'
import * as k from '../../../src-sim/linux/kthread'
import * as sched from '../../../src-sim/linux/sched'
import * as w from '../../../src-sim/linux/wait'
import { kinds, run, sim } from '../harness'

test('WAIT-02 no schedule loses a wake-up when the condition is set before it', () => {
  for (let seed = 1; seed < 80; seed++) {
    const machine = run(
      function* () {
        const wq = w.DECLARE_WAIT_QUEUE_HEAD()
        const dev = { ready: false }
        sched.wake_up_process(
          k.kthread_create(
            function* (): Sim<number> {
              dev.ready = true
              yield* sim(w.wake_up(wq))
              return 0
            } as never,
            null,
            'waker',
          ),
        )
        yield* sim(w.wait_event(wq, () => dev.ready))
        expect(dev.ready).toBe(true)
      },
      { seed, strategy: randomStrategy(seed) },
    )
    expect(machine.stop).toBe('finished')
  }
})

test('WAIT-05 complete_all lets present and later waiters through until reinit', () => {
  run(function* () {
    const done = c.DECLARE_COMPLETION()
    c.complete_all(done)
    yield* sim(c.wait_for_completion(done))
    yield* sim(c.wait_for_completion(done))
    expect(c.completion_done(done)).toBe(true)
    c.reinit_completion(done)
    expect(c.try_wait_for_completion(done)).toBe(false)
    c.complete(done)
    c.complete(done)
    expect(c.try_wait_for_completion(done)).toBe(true)
    expect(c.try_wait_for_completion(done)).toBe(true)
    expect(c.try_wait_for_completion(done)).toBe(false)
  })
})

test('WAIT-05 a wait with a timeout answers 0 after it and the rest before it', () => {
  run(function* () {
    const done = c.DECLARE_COMPLETION()
    expect(yield* sim(c.wait_for_completion_timeout(done, 5))).toBe(0)
    c.complete(done)
    expect(yield* sim(c.wait_for_completion_timeout(done, 5))).toBe(5)
    k.kthread_run(
      function* (): Sim<number> {
        yield* sim(msleep(8))
        c.complete(done)
        return 0
      } as never,
      null,
      't',
    )
    const left = yield* sim(c.wait_for_completion_timeout(done, 50))
    expect(left).toBeGreaterThan(40)
    expect(left).toBeLessThan(50)
  })
})

test('WAIT-05 an interruptible wait that is completed already ignores a pending signal', () => {
  const got: number[] = []
  run(function* () {
    const done = c.DECLARE_COMPLETION()
    k.kthread_run(
      function* (): Sim<number> {
        sched.allow_signal(sched.SIGINT)
        sched.send_sig(sched.SIGINT, sched.get_current(), 1)
        got.push(yield* sim(c.wait_for_completion_interruptible(done)))
        c.complete(done)
        got.push(yield* sim(c.wait_for_completion_interruptible(done)))
        return 0
      } as never,
      null,
      't',
    )
    yield* sim(msleep(5))
  })
  expect(got).toEqual([-512, 0])
})

function* idle(): Sim<number> {
  while (!k.kthread_should_stop()) {
    sched.set_current_state(sched.TASK_INTERRUPTIBLE)
    if (!k.kthread_should_stop()) yield* sim(sched.schedule())
    sched.__set_current_state(sched.TASK_RUNNING)
  }
  return 3
}

test('KTH-01 kthread_stop answers what the thread function returned, under every schedule', () => {
  for (let seed = 0; seed < 60; seed++) {
    let result = 0
    const machine = run(
      function* () {
        const t = k.kthread_run(idle as never, null, 'idle')
        yield* sim(msleep(1))
        result = yield* sim(k.kthread_stop(t))
      },
      { seed, strategy: seed === 0 ? undefined : randomStrategy(seed) },
    )
    expect(machine.stop).toBe('finished')
    expect([3, -4]).toContain(result)
  }
})

test('KTH-01 a thread that is asked to stop sees a pending signal', () => {
  let result = 0
  run(function* () {
    const wq = w.DECLARE_WAIT_QUEUE_HEAD()
    const t = k.kthread_run(
      function* (): Sim<number> {
        result = yield* sim(w.wait_event_interruptible(wq, () => false))
        return 0
      } as never,
      null,
      't',
    )
    yield* sim(msleep(5))
    yield* sim(k.kthread_stop(t))
  })
  expect(result).toBe(-512)
})

test('KTH-03 park waits for parkme, unpark lets the thread go on, a second park is -EBUSY', () => {
  let rounds = 0
  const machine = run(function* () {
    const t = k.kthread_run(
      function* (): Sim<number> {
        while (!k.kthread_should_stop()) {
          if (k.kthread_should_park()) yield* sim(k.kthread_parkme())
          else {
            rounds++
            yield* sim(msleep(4))
          }
        }
        return rounds
      } as never,
      null,
      't',
    )
    yield* sim(msleep(20))
    expect(yield* sim(k.kthread_park(t))).toBe(0)
    const before = rounds
    yield* sim(msleep(50))
    expect(rounds).toBe(before)
    expect(yield* sim(k.kthread_park(t))).toBe(-16)
    k.kthread_unpark(t)
    yield* sim(msleep(50))
    expect(rounds).toBeGreaterThan(before)
    expect(yield* sim(k.kthread_stop(t))).toBe(rounds)
  })
  expect(kinds(machine)).toEqual(['warn.kthread-park'])
})

test('KTH-03 kthread_stop unparks a parked thread', () => {
  let result = 0
  run(function* () {
    const t = k.kthread_run(
      function* (): Sim<number> {
        while (!k.kthread_should_stop())
          if (k.kthread_should_park()) yield* sim(k.kthread_parkme())
          else yield* sim(msleep(1))
        return 9
      } as never,
      null,
      't',
    )
    yield* sim(msleep(5))
    yield* sim(k.kthread_park(t))
    result = yield* sim(k.kthread_stop(t))
  })
  expect(result).toBe(9)
})

test('KTH-04 works of a worker run in order; flush and cancel answer as the kernel does', () => {
  const ran: string[] = []
  run(function* () {
    const worker = k.kthread_run_worker(0, 'w/%d', 0)
    const a = new k.kthread_work()
    const b = new k.kthread_work()
    k.kthread_init_work(a, () => ran.push('a'))
    k.kthread_init_work(b, () => ran.push('b'))
    expect(k.kthread_queue_work(worker, a)).toBe(true)
    expect(k.kthread_queue_work(worker, b)).toBe(true)
    expect(k.kthread_queue_work(worker, b)).toBe(false)
    yield* sim(k.kthread_flush_work(b))
    expect(ran).toEqual(['a', 'b'])
    k.kthread_queue_work(worker, a)
    expect(yield* sim(k.kthread_cancel_work_sync(a))).toBe(true)
    expect(yield* sim(k.kthread_cancel_work_sync(a))).toBe(false)
    const d = new k.kthread_delayed_work()
    k.kthread_init_delayed_work(d, () => ran.push('d'))
    expect(k.kthread_queue_delayed_work(worker, d, 3)).toBe(true)
    yield* sim(msleep(30))
    expect(ran).toEqual(['a', 'b', 'd'])
    yield* sim(k.kthread_destroy_worker(worker))
  })
})

test('KTH-02 stopping a thread that has ended by itself touches freed memory', async () => {
  const { attachKasan } = await import('../../../src-sim/checkers/kasan')
  const { boot } = await import('../harness')
  const machine = boot(function* () {
    const t = k.kthread_run((() => 0) as never, null, 't')
    yield* sim(msleep(5))
    expect((t as { $dead?: unknown }).$dead).toBeDefined()
  })
  attachKasan(machine)
  machine.run()
})
