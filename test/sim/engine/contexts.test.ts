import { describe, expect, it } from 'vitest'
import { HARDIRQ_MASK } from '../../../src-sim/engine/cpu'
import { now } from '../../../src-sim/engine/current'
import type { Machine } from '../../../src-sim/engine/machine'
import { randomStrategy } from '../../../src-sim/engine/strategies/random'
import { point, type Sim } from '../../../src-sim/engine/suspend'
import { boot } from '../harness'

const turn = (): unknown => point(turn, null)

/** Sends an interrupt whose handler notes what surrounds it. */
function interrupt(machine: Machine, cpu: number, log: string[], name = 'irq'): void {
  machine.interrupt(machine.cpus[cpu]!, {
    name,
    source: log,
    start: function* () {
      yield turn()
      const c = now.cpu!
      log.push(`${name}:${c.stack.map((e) => e.kind).join('>')}:${c.irqsOff ? 'off' : 'on'}`)
    },
  })
}

describe('contexts of a CPU', () => {
  it('an interrupt stands on top of the task, with interrupts off, and leaves no mark', () => {
    const log: string[] = []
    const machine = boot(function* () {
      interrupt(now.machine!, 0, log)
      const before = [now.cpu!.preemptCount, now.cpu!.irqsOff]
      while (log.length === 0) yield turn()
      expect([now.cpu!.preemptCount, now.cpu!.irqsOff]).toEqual(before)
    })
    machine.run()
    expect(log).toEqual(['irq:task>hardirq:off'])
  })

  it('a handler counts as hardirq for as long as it runs', () => {
    const seen: number[] = []
    const machine = boot(function* () {
      yield turn()
      seen.push(now.cpu!.preemptCount & HARDIRQ_MASK)
    })
    machine.interrupt(machine.cpus[0]!, {
      name: 'irq',
      source: seen,
      start: function* () {
        yield turn()
        seen.push(now.cpu!.preemptCount & HARDIRQ_MASK)
      },
    })
    machine.run()
    expect(seen.sort((a, b) => a - b)).toEqual([0, 0x10000])
  })

  it('a masked CPU takes its interrupts when it unmasks, in any schedule', () => {
    for (let seed = 0; seed < 60; seed++) {
      const log: string[] = []
      const machine = boot(
        function* (): Sim {
          now.cpu!.irqsOff = true
          interrupt(now.machine!, 0, log)
          for (let i = 0; i < 5; i++) yield turn()
          log.push('unmasked')
          now.cpu!.irqsOff = false
          while (log.length < 2) yield turn()
        },
        { strategy: randomStrategy(seed) },
      )
      machine.run()
      expect(log).toEqual(['unmasked', 'irq:task>hardirq:off'])
    }
  })

  it('handlers do not nest: a second interrupt waits for the first to end', () => {
    for (let seed = 0; seed < 60; seed++) {
      const log: string[] = []
      const machine = boot(
        function* (): Sim {
          interrupt(now.machine!, 0, log, 'a')
          interrupt(now.machine!, 0, log, 'b')
          while (log.length < 2) yield turn()
        },
        { strategy: randomStrategy(seed) },
      )
      machine.run()
      expect(log).toEqual(['a:task>hardirq:off', 'b:task>hardirq:off'])
    }
  })

  it('an idle CPU takes interrupts too', () => {
    const log: string[] = []
    const machine = boot(function* () {
      interrupt(now.machine!, 1, log)
      while (log.length === 0) yield turn()
    })
    machine.run()
    expect(log).toEqual(['irq:hardirq:off'])
  })

  it('no task is taken off its CPU while preemption is off', () => {
    for (let seed = 0; seed < 100; seed++) {
      let critical = false
      const machine = boot(
        function* (): Sim {
          now.cpu!.preemptCount++
          critical = true
          for (let i = 0; i < 4; i++) yield turn()
          critical = false
          now.cpu!.preemptCount--
          yield turn()
        },
        { cpus: 1, strategy: randomStrategy(seed) },
      )
      machine.inside(() =>
        machine.spawn('other', (function* (): Sim {
          expect(critical).toBe(false)
          yield turn()
          expect(critical).toBe(false)
        })()),
      )
      expect(machine.run()).toBe('finished')
      expect(machine.tasks.every((t) => !t.died)).toBe(true)
    }
  })
})
