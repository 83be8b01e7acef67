import { expect, test } from 'vitest'
import { attachSoftLockup } from '../../../src-sim/checkers/soft-lockup'
import { machine } from '../../../src-sim/engine/current'
import { RELAX, type Sim } from '../../../src-sim/engine/suspend'
import { installTrouble } from '../../../src-sim/kernel/sched/trouble'
import { mdelay, msleep } from '../../../src-sim/linux/delay'
import * as h from '../../../src-sim/linux/hrtimer'
import { jiffies } from '../../../src-sim/linux/jiffies'
import { preempt_disable, preempt_enable } from '../../../src-sim/linux/preempt'
import { mod_timer, timer_delete_sync, timer_list, timer_setup } from '../../../src-sim/linux/timer'
import { kinds, run, sim } from '../harness'

const checked = (body: () => Sim) =>
  run(function* () {
    installTrouble(machine())
    attachSoftLockup(machine())
    yield* body()
  })

test('a loop that polls for ever is reported after 22 s and the machine is given up', () => {
  const m = checked(function* () {
    for (;;) yield RELAX
  })
  expect(m.findings[0]!.title).toBe('watchdog: BUG: soft lockup - CPU#0 stuck for 22s! [main:1]')
  expect(kinds(m)).toEqual(['soft-lockup'])
  expect(m.stop).toBe('panic')
})

test('TMR-07 a timer that deletes itself locks its CPU up', () => {
  const m = checked(function* () {
    const timer = new timer_list()
    timer_setup(timer, ((self: timer_list) => sim(timer_delete_sync(self))) as never, 0)
    mod_timer(timer, +jiffies + 1)
    yield* sim(msleep(60_000))
  })
  expect(kinds(m)[0]).toBe('soft-lockup')
})

test('HRT-08 a spin with preemption off for a callback that never ends is reported', () => {
  const m = checked(function* () {
    let runs = 0
    const timer = new h.hrtimer()
    const endless = function* (): Sim<number> {
      for (runs = 0; runs < 1e9; runs++) yield* sim(mdelay(100))
      return h.HRTIMER_NORESTART
    }
    h.hrtimer_setup(timer, endless as never, h.CLOCK_MONOTONIC, h.HRTIMER_MODE_REL)
    machine().spawn('other', (function* (): Sim {
      h.hrtimer_start(timer, 1000, h.HRTIMER_MODE_REL)
    })(), { cpu: 1, bound: true })
    while (runs === 0) yield RELAX
    preempt_disable()
    machine().at(30e9, 'end', null, () => machine().halt('stopped', 'seen enough'))
    yield* sim(h.hrtimer_cancel(timer))
    preempt_enable()
  })
  expect(m.findings.map((f) => f.title).sort()).toEqual([
    'watchdog: BUG: soft lockup - CPU#0 stuck for 20s! [main:1]',

  ])
})

test('a CPU that is merely busy for long is not reported', () => {
  const m = checked(function* () {
    for (let s = 0; s < 40; s++) yield* sim(mdelay(1000))
  })
  expect(kinds(m)).toEqual([])
})
