import { expect, test } from 'vitest'
import { attachHardLockup } from '../../../src-sim/checkers/hard-lockup'
import { attachSoftLockup } from '../../../src-sim/checkers/soft-lockup'
import { machine } from '../../../src-sim/engine/current'
import { RELAX, type Sim } from '../../../src-sim/engine/suspend'
import { installTrouble } from '../../../src-sim/kernel/sched/trouble'
import { mdelay } from '../../../src-sim/linux/delay'
import { local_irq_disable, local_irq_enable } from '../../../src-sim/linux/irqflags'
import { run, sim } from '../harness'

const titles = (body: () => Sim): string[] =>
  run(function* () {
    installTrouble(machine())
    attachSoftLockup(machine())
    attachHardLockup(machine())
    yield* body()
  }).findings.map((f) => f.title)

const HARD = 'watchdog: CPU1: Watchdog detected hard LOCKUP on cpu 0'

test('a CPU that polls for ever with interrupts off is seen by its neighbour only', () => {
  const found = titles(function* () {
    local_irq_disable()
    for (;;) yield RELAX
  })
  expect(found).toEqual([HARD])
})

test('it is told again only after the CPU has taken interrupts', () => {
  const found = titles(function* () {
    for (let times = 0; times < 2; times++) {
      local_irq_disable()
      for (let s = 0; s < 30; s++) yield* sim(mdelay(1000))
      local_irq_enable()
      for (let s = 0; s < 10; s++) yield* sim(mdelay(1000))
    }
  })
  expect(found).toEqual([HARD, HARD])
})

test('ten seconds with interrupts off, and long work with them on, are nothing to tell', () => {
  const found = titles(function* () {
    local_irq_disable()
    for (let s = 0; s < 7; s++) yield* sim(mdelay(1000))
    local_irq_enable()
    for (let s = 0; s < 40; s++) yield* sim(mdelay(1000))
  })
  expect(found).toEqual([])
})
