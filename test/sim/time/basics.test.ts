import { expect, test } from 'vitest'
import { machine } from '../../../src-sim/engine/current'
import { mdelay, msleep, usleep_range } from '../../../src-sim/linux/delay'
import * as h from '../../../src-sim/linux/hrtimer'
import { HZ, jiffies, msecs_to_jiffies } from '../../../src-sim/linux/jiffies'
import * as t from '../../../src-sim/linux/timer'
import { in_serving_softirq, in_hardirq } from '../../../src-sim/linux/preempt'
import { run, sim } from '../harness'

test('TMR-14 timers that share a bucket run in reverse order of arming, in softirq context', () => {
  const order: number[] = []
  const soft: boolean[] = []
  run(function* () {
    const timers = [0, 1, 2, 3].map(() => new t.timer_list())
    timers.forEach((timer, n) => {
      t.timer_setup(timer, () => {
        order.push(n)
        soft.push(in_serving_softirq())
      }, 0)
    })
    for (const timer of timers) t.mod_timer(timer, +jiffies + 5)
    yield* sim(msleep(100))
  })
  expect(order).toEqual([3, 2, 1, 0])
  expect(soft).toEqual([true, true, true, true])
})

test('HRT-10 equal expiries run in the order of queueing, in hardirq context', () => {
  const order: number[] = []
  const at: number[] = []
  run(function* () {
    const timers = [0, 1, 2].map(() => new h.hrtimer())
    timers.forEach((timer, n) =>
      h.hrtimer_setup(timer, () => {
        expect(in_hardirq()).toBe(true)
        at.push(machine().nowNs)
        order.push(n)
        return h.HRTIMER_NORESTART
      }, h.CLOCK_MONOTONIC, h.HRTIMER_MODE_ABS))
    for (const timer of timers) h.hrtimer_start(timer, 5_000_000, h.HRTIMER_MODE_ABS)
    yield* sim(msleep(100))
  })
  expect(order).toEqual([0, 1, 2])
  expect(at[0]).toBeGreaterThanOrEqual(5_000_000)
  expect(at[0]).toBeLessThan(5_010_000)
})

test('msleep sleeps at least its time and at most two ticks more', () => {
  const times: number[] = []
  run(function* () {
    const stamp = (): number => times.push(machine().nowNs)
    yield* sim(msleep(20))
    stamp()
    yield* sim(usleep_range(100, 200))
    stamp()
    yield* sim(mdelay(3))
    stamp()
  })
  expect(times[0]).toBeGreaterThanOrEqual(20e6)
  expect(times[0]).toBeLessThanOrEqual(28.1e6)
  expect(times[1]! - times[0]!).toBeGreaterThanOrEqual(100e3)
  expect(times[1]! - times[0]!).toBeLessThan(260e3)
  expect(times[2]! - times[1]!).toBeGreaterThanOrEqual(3e6)
})

test('jiffies start 300 s before the 32-bit wrap and run at HZ', () => {
  run(function* () {
    expect(+HZ).toBe(250)
    const start = +jiffies
    expect(start).toBe(2 ** 32 - 300 * 250)
    expect(msecs_to_jiffies(1)).toBe(1)
    yield* sim(msleep(1000))
    expect(+jiffies - start).toBeGreaterThanOrEqual(250)
  })
})
