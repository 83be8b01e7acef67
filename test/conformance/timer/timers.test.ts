import { describe, expect, test } from 'vitest'
import { machine } from '../../../src-sim/engine/current'
import { randomStrategy } from '../../../src-sim/engine/strategies/random'
import { RELAX, type Sim } from '../../../src-sim/engine/suspend'
import { mdelay, msleep } from '../../../src-sim/linux/delay'
import { jiffies } from '../../../src-sim/linux/jiffies'
import { local_bh_disable, local_bh_enable } from '../../../src-sim/linux/bottom_half'
import { irqs_disabled } from '../../../src-sim/linux/irqflags'
import { in_serving_softirq, preempt_disable } from '../../../src-sim/linux/preempt'
import * as t from '../../../src-sim/linux/timer'
import { dmesg, kcall, kinds, run, sim } from '../../sim/harness'

const gen = (f: (timer: t.timer_list) => Sim): ((timer: t.timer_list) => void) => f as never
const make = (fn: (timer: t.timer_list) => void, flags = 0): t.timer_list => {
  const timer = new t.timer_list()
  t.timer_setup(timer, fn, flags)
  return timer
}
const now = (): number => +jiffies

describe('arming', () => {
  test.each([
    [1, 1], [62, 1], [63, 8], [503, 8], [504, 64], [4031, 64], [4032, 512], [5000, 512],
  ])('TMR-01 a timer armed %i jiffies ahead runs at the next multiple of %i', (ahead, unit) => {
    let fired = 0
    let armed = 0
    run(function* () {
      yield* sim(mdelay(10))
      const timer = make(() => void (fired = now()))
      armed = now()
      t.mod_timer(timer, armed + ahead)
      yield* sim(msleep((ahead + 2 * unit) * 4))
    })
    expect(fired).toBe((Math.floor((armed + ahead) / unit) + 1) * unit)
  })

  test('TMR-01 an expiry in the past runs at the next tick', () => {
    let fired = 0
    run(function* () {
      yield* sim(msleep(40))
      const timer = make(() => void (fired = now()))
      const armed = now()
      t.mod_timer(timer, armed - 50)
      yield* sim(msleep(40))
      expect(fired - armed).toBe(1)
    })
  })

  test('TMR-01 add_timer on a pending timer warns once and is ignored', () => {
    const m = run(function* () {
      const timer = make(() => {})
      t.mod_timer(timer, now() + 1000)
      const { expires } = timer
      timer.expires = now() + 5
      t.add_timer(timer)
      t.add_timer(timer)
      expect(t.timer_pending(timer)).toBe(true)
      timer.expires = expires
      yield* sim(msleep(100))
      expect(t.timer_delete(timer)).toBe(1)
    })
    expect(kinds(m)).toEqual(['warn.timer-add-pending'])
  })

  test('TMR-03 mod_timer from another CPU keeps a running timer where it runs', () => {
    const cpus: number[] = []
    run(function* () {
      let go = false
      const timer = make(gen(function* () {
        cpus.push(machine().cpus.findIndex((c) => c.top?.kind === 'softirq'))
        while (!go) yield RELAX
      }), t.TIMER_PINNED)
      timer.expires = now() + 2
      t.add_timer_on(timer, 1)
      while (cpus.length === 0) yield RELAX
      t.mod_timer(timer, now() + 2)
      go = true
      yield* sim(msleep(40))
    })
    expect(cpus).toEqual([1, 1])
  })

  test('TMR-14 a coarse level runs before a fine one that is due at the same tick', () => {
    const order: string[] = []
    run(function* () {
      while (now() % 8 !== 0) yield* sim(msleep(4))
      const target = now() + 80
      const coarse = make(() => void order.push('coarse'), t.TIMER_PINNED)
      const fine = make(() => void order.push('fine'), t.TIMER_PINNED)
      machine().spawn('x', (function* (): Sim {
        t.mod_timer(coarse, target - 1)
        while (now() < target - 20) yield* sim(msleep(4))
        t.mod_timer(fine, target - 1)
      })(), { cpu: 0, bound: true })
      yield* sim(msleep(500))
      expect(coarse.$slot!.expiry).toBe(fine.$slot!.expiry)
    })
    expect(order).toEqual(['coarse', 'fine'])
  })

  test('TMR-14 pinned timers run before others, deferrable ones last', () => {
    const order: string[] = []
    run(function* () {
      const add =
        (name: string, flags: number): t.timer_list => make(() => void order.push(name), flags)
      const timers =
        [add('deferrable', t.TIMER_DEFERRABLE), add('plain', 0), add('pinned', t.TIMER_PINNED)]
      for (const timer of timers) t.mod_timer(timer, now() + 3)
      yield* sim(mdelay(40))
    })
    expect(order).toEqual(['pinned', 'plain', 'deferrable'])
  })

  test('TMR-14 a deferrable timer waits while its CPU is idle', () => {
    let fired = -1
    let wokeAt = 0
    run(function* () {
      const timer = make(() => void (fired = machine().nowNs), t.TIMER_DEFERRABLE)
      timer.expires = now() + 3
      t.add_timer_on(timer, 1)
      yield* sim(msleep(200))
      expect(fired).toBe(-1)
      wokeAt = machine().nowNs
      machine().spawn('busy', (function* (): Sim {
        yield* sim(mdelay(20))
      })(), { cpu: 1, bound: true })
      yield* sim(msleep(50))
    })
    expect(fired).toBeGreaterThanOrEqual(wokeAt)
  })
})

describe('running', () => {
  test('TMR-02 callbacks run in softirq context, interrupts on unless IRQSAFE', () => {
    const seen: string[] = []
    run(function* () {
      const note = (): void => void seen.push(`${in_serving_softirq()} ${irqs_disabled()}`)
      t.mod_timer(make(note), now() + 1)
      yield* sim(msleep(20))
      t.mod_timer(make(note, t.TIMER_IRQSAFE), now() + 1)
      yield* sim(msleep(20))
    })
    expect(seen).toEqual(['true false', 'true true'])
  })

  test('TMR-02 no callback runs on a CPU with bottom halves off', () => {
    const seen: string[] = []
    run(function* () {
      t.mod_timer(make(() => void seen.push('timer')), now() + 1)
      local_bh_disable()
      yield* sim(mdelay(20))
      seen.push('enable')
      yield* sim(local_bh_enable())
      seen.push('enabled')
    })
    expect(seen).toEqual(['enable', 'timer', 'enabled'])
  })

  test('TMR-12 a callback that changes the preempt counter is reported and put right', () => {
    const m = run(function* () {
      t.mod_timer(make(function leaky() {
        preempt_disable()
      }), now() + 1)
      yield* sim(msleep(20))
    })
    expect(dmesg(m)[1]).toBe('timer: leaky+0x0/0x10 preempt leak: 00000100 -> 00000101')
  })
})

describe('ending', () => {
  test('TMR-09 TMR-10 a timer that was shut down cannot be armed until it is set up again', () => {
    let ran = 0
    run(function* () {
      const fn = (): void => void ran++
      const timer = make(fn)
      t.mod_timer(timer, now() + 5)
      expect(t.timer_shutdown(timer)).toBe(1)
      expect(t.timer_shutdown(timer)).toBe(0)
      expect(t.mod_timer(timer, now() + 1)).toBe(0)
      expect(t.timer_pending(timer)).toBe(false)
      yield* sim(msleep(40))
      t.timer_setup(timer, fn, 0)
      t.mod_timer(timer, now() + 1)
      yield* sim(msleep(40))
    })
    expect(ran).toBe(1)
  })

  test('TMR-09 the plain shutdown keeps a running callback from arming the timer again', () => {
    let rearmed = -1
    run(function* () {
      let started = false
      let go = false
      const timer = make(gen(function* (self) {
        started = true
        while (!go) yield RELAX
        rearmed = t.mod_timer(self, now() + 1000)
      }), t.TIMER_PINNED)
      timer.expires = now() + 1
      t.add_timer_on(timer, 1)
      while (!started) yield RELAX
      expect(t.timer_shutdown(timer)).toBe(0)
      go = true
      yield* sim(msleep(20))
      expect(t.timer_pending(timer)).toBe(false)
    })
    expect(rearmed).toBe(0)
  })

  test('TMR-06 under every order the callback is over when timer_delete_sync returns', () => {
    let waited = 0
    for (let seed = 0; seed < 300; seed++) {
      let running = false
      let late = false
      run(function* () {
        const timer = make(gen(function* (self) {
          running = true
          yield* kcall(t.mod_timer, self, now() + 1)
          running = false
        }), t.TIMER_PINNED)
        timer.expires = now() + 1
        yield* kcall(t.add_timer_on, timer, 1)
        yield* kcall(msleep, 4)
        if (running) waited++
        yield* kcall(t.timer_delete_sync, timer)
        late = running || t.timer_pending(timer)
        running = false
        yield* kcall(msleep, 40)
        late ||= running
      }, { strategy: randomStrategy(seed), seed })
      expect(late, `seed ${seed}`).toBe(false)
    }
    expect(waited).toBeGreaterThan(0)
  })

  test('TMR-04 under some order the callback still runs when timer_delete returns', () => {
    let late = 0
    for (let seed = 0; seed < 300; seed++) {
      let running = false
      run(function* () {
        const timer = make(gen(function* () {
          running = true
          yield* kcall(mdelay, 1)
          running = false
        }), t.TIMER_PINNED)
        timer.expires = now() + 1
        yield* kcall(t.add_timer_on, timer, 1)
        yield* kcall(msleep, 4)
        yield* kcall(t.timer_delete, timer)
        if (running) late++
        yield* kcall(msleep, 10)
      }, { strategy: randomStrategy(seed), seed })
    }
    expect(late).toBeGreaterThan(0)
  })
})
