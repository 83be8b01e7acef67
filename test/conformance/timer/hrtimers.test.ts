import { expect, test } from 'vitest'
import { machine } from '../../../src-sim/engine/current'
import { randomStrategy } from '../../../src-sim/engine/strategies/random'
import { RELAX, type Sim } from '../../../src-sim/engine/suspend'
import { mdelay, msleep } from '../../../src-sim/linux/delay'
import * as h from '../../../src-sim/linux/hrtimer'
import { irqs_disabled, local_irq_disable, local_irq_enable } from '../../../src-sim/linux/irqflags'
import { in_hardirq, in_serving_softirq } from '../../../src-sim/linux/preempt'
import { dmesg, kcall, kinds, run, sim } from '../../sim/harness'

const MS = 1_000_000
type Fn = (timer: h.hrtimer) => number
const make = (fn: Fn, mode = h.HRTIMER_MODE_REL, clock = h.CLOCK_MONOTONIC): h.hrtimer => {
  const timer = new h.hrtimer()
  h.hrtimer_setup(timer, fn, clock, mode)
  return timer
}
const gen = (f: (timer: h.hrtimer) => Sim<number>): Fn => f as never

test('HRT-01 a bad clock falls back to MONOTONIC with a warning', () => {
  const m = run(function* () {
    expect(make(() => 0, h.HRTIMER_MODE_REL, 42).$clock).toBe(h.CLOCK_MONOTONIC)
    yield* sim(msleep(1))
  })
  expect(dmesg(m)[1]).toBe('Invalid clockid 42. Using MONOTONIC')
})

test('HRT-02 hard callbacks run in hardirq with interrupts off, SOFT ones in softirq', () => {
  const seen: string[] = []
  run(function* () {
    const note = (): number => {
      seen.push(`${in_hardirq()} ${irqs_disabled()} ${in_serving_softirq()}`)
      return h.HRTIMER_NORESTART
    }
    h.hrtimer_start(make(note), MS, h.HRTIMER_MODE_REL)
    yield* sim(msleep(8))
    const soft = make(note, h.HRTIMER_MODE_REL_SOFT)
    h.hrtimer_start(soft, MS, h.HRTIMER_MODE_REL_SOFT)
    yield* sim(msleep(8))
  })
  expect(seen).toEqual(['true true false', 'false false true'])
})

test('HRT-02 starting a soft timer in a hard mode warns once', () => {
  const m = run(function* () {
    const timer = make(() => 0, h.HRTIMER_MODE_REL_SOFT)
    h.hrtimer_start(timer, MS, h.HRTIMER_MODE_REL)
    h.hrtimer_start(timer, MS, h.HRTIMER_MODE_REL)
    yield* sim(msleep(8))
  })
  expect(kinds(m)).toEqual(['warn.hrtimer-soft-mismatch'])
})

test('HRT-03 starting a queued timer moves it', () => {
  const at: number[] = []
  run(function* () {
    const timer = make(() => (at.push(machine().nowNs), h.HRTIMER_NORESTART))
    h.hrtimer_start(timer, 5 * MS, h.HRTIMER_MODE_REL)
    h.hrtimer_start(timer, 20 * MS, h.HRTIMER_MODE_REL)
    yield* sim(msleep(60))
  })
  expect(at).toHaveLength(1)
  expect(at[0]).toBeGreaterThan(19 * MS)
})

test('HRT-04 RESTART fires again at the expiry that the callback has moved', () => {
  const at: number[] = []
  run(function* () {
    const timer = make((self) => {
      at.push(machine().nowNs)
      expect(h.hrtimer_active(self)).toBe(true)
      expect(h.hrtimer_is_queued(self)).toBe(false)
      h.hrtimer_forward_now(self, 10 * MS)
      return at.length < 3 ? h.HRTIMER_RESTART : h.HRTIMER_NORESTART
    })
    h.hrtimer_start(timer, 10 * MS, h.HRTIMER_MODE_REL)
    yield* sim(msleep(100))
    expect(h.hrtimer_active(timer)).toBe(false)
  })
  expect(at.map((ns) => Math.floor(ns / MS))).toEqual([10, 20, 30])
})

test('HRT-05 hrtimer_forward on a queued timer that is overdue warns every time', () => {
  const m = run(function* () {
    const timer = make(() => h.HRTIMER_NORESTART)
    local_irq_disable()
    h.hrtimer_start(timer, 1000, h.HRTIMER_MODE_REL)
    yield* sim(mdelay(1))
    expect(h.hrtimer_forward_now(timer, MS)).toBe(0)
    expect(h.hrtimer_forward_now(timer, MS)).toBe(0)
    local_irq_enable()
    yield* sim(msleep(4))
  })
  expect(kinds(m)).toEqual(['warn.hrtimer-forward-queued', 'warn.hrtimer-forward-queued'])
})

test('HRT-07 try_to_cancel answers -1 while the callback runs, also to the callback itself', () => {
  const seen: number[] = []
  run(function* () {
    let started = false
    let go = false
    const timer = make(gen(function* (self) {
      seen.push(h.hrtimer_try_to_cancel(self))
      started = true
      while (!go) yield RELAX
      return h.HRTIMER_NORESTART
    }))
    machine().spawn('other', (function* (): Sim {
      h.hrtimer_start(timer, MS, h.HRTIMER_MODE_REL)
    })(), { cpu: 1, bound: true })
    while (!started) yield RELAX
    seen.push(h.hrtimer_try_to_cancel(timer))
    go = true
    yield* sim(msleep(4))
    seen.push(h.hrtimer_try_to_cancel(timer))
    h.hrtimer_start(timer, 50 * MS, h.HRTIMER_MODE_REL)
    seen.push(h.hrtimer_try_to_cancel(timer))
  })
  expect(seen).toEqual([-1, -1, 0, 1])
})

test('HRT-08 under every order a restarting timer is still after hrtimer_cancel', () => {
  for (let seed = 0; seed < 300; seed++) {
    let runs = 0
    let after = -1
    run(function* () {
      const timer = make(gen(function* (self) {
        runs++
        yield* kcall(h.hrtimer_forward_now, self, MS)
        return h.HRTIMER_RESTART
      }))
      yield* kcall(h.hrtimer_start, timer, 10_000, h.HRTIMER_MODE_REL)
      yield* kcall(msleep, 4)
      yield* kcall(h.hrtimer_cancel, timer)
      after = runs
      expect(h.hrtimer_active(timer)).toBe(false)
      yield* kcall(msleep, 20)
    }, { strategy: randomStrategy(seed), seed })
    expect(runs, `seed ${seed}`).toBe(after)
  }
})

test('HRT-10 timers of one clock run in the order of expiry', () => {
  const order: string[] = []
  run(function* () {
    const start = (name: string, ns: number, clock = h.CLOCK_MONOTONIC): void =>
      h.hrtimer_start(
        make(() => (order.push(name), 0), h.HRTIMER_MODE_ABS, clock), ns, h.HRTIMER_MODE_ABS,
      )
    start('c', 9 * MS)
    start('a', 7 * MS)
    start('b', 8 * MS)
    start('boot', 7.5 * MS, h.CLOCK_BOOTTIME)
    yield* sim(msleep(40))
  })
  expect(order).toEqual(['a', 'boot', 'b', 'c'])
})
