import { expect, test } from 'vitest'
import { HARDIRQ_OFFSET, SOFTIRQ_OFFSET, type PendingInterrupt } from '../../../src-sim/engine/cpu'
import { now } from '../../../src-sim/engine/current'
import type { Task } from '../../../src-sim/engine/exec'
import { randomStrategy } from '../../../src-sim/engine/strategies/random'
import { point, RELAX, SCHEDULE, type Sim } from '../../../src-sim/engine/suspend'
import { Bench, operation, talk } from './kit'

function interrupt(name: string, body: () => Sim): PendingInterrupt {
  return { name, source: {}, start: body }
}

test('a hard interrupt runs over a softirq, and that over the task', () => {
  const bench = new Bench({ cpus: 1 })
  const { machine } = bench
  const cpu = machine.cpus[0]!
  const shown: string[][] = []
  const show = (): void => void shown.push(cpu.stack.map((e) => e.kind))
  machine.interruptExit = (at) => {
    if (at.stack.length > 1) return
    machine.pushContext(at, 'softirq', 'timer', softirq())
    at.preemptCount += SOFTIRQ_OFFSET
  }
  function* hard(): Sim {
    show()
    bench.say('hard')
  }
  function* softirq(): Sim {
    show()
    bench.say('soft begins')
    machine.interrupt(cpu, interrupt('second', hard))
    yield point(operation, null)
    bench.say('soft ends')
  }
  bench.spawn('task', (function* (): Sim {
    machine.interrupt(cpu, interrupt('first', hard))
    yield point(operation, null)
    show()
    bench.say('task')
  })())
  machine.run()
  expect(bench.said).toEqual(['hard', 'soft begins', 'hard', 'soft ends', 'task'])
  expect(shown).toEqual([
    ['task', 'hardirq'], ['task', 'softirq'], ['task', 'softirq', 'hardirq'], ['task'],
  ])
  expect(machine.stop).toBe('finished')
})

test('handlers run with interrupts off and do not nest: the second waits for the first', () => {
  const bench = new Bench({ cpus: 1 })
  const { machine } = bench
  const cpu = machine.cpus[0]!
  const handler = (name: string): (() => Sim) =>
    function* () {
      expect(cpu.irqsOff).toBe(true)
      expect(cpu.preemptCount).toBe(HARDIRQ_OFFSET)
      yield* talk(bench, name, 2)
    }
  bench.spawn('task', (function* (): Sim {
    machine.interrupt(cpu, interrupt('a', handler('a')))
    machine.interrupt(cpu, interrupt('b', handler('b')))
    yield point(operation, null)
    bench.say('task')
    expect(cpu.irqsOff).toBe(false)
    expect(cpu.preemptCount).toBe(0)
  })())
  machine.run()
  expect(bench.said).toEqual(['a0', 'a1', 'b0', 'b1', 'task'])
})

test('an interrupt waits while the CPU has them masked, and another CPU does not care', () => {
  const bench = new Bench({ cpus: 2 })
  const { machine } = bench
  const [first, second] = machine.cpus as [typeof machine.cpus[0], typeof machine.cpus[0]]
  bench.spawn('task', (function* (): Sim {
    first!.irqsOff = true
    for (const cpu of [first!, second!])
      machine.interrupt(cpu, interrupt('irq', function* () { bench.say(`irq on ${now.cpu!.id}`) }))
    for (let i = 0; i < 40; i++) yield point(operation, null)
    bench.say('unmasks')
    first!.irqsOff = false
    yield point(operation, null)
    bench.say('goes on')
  })(), { cpu: 0, bound: true })
  machine.run()
  expect(bench.said).toEqual(['irq on 1', 'unmasks', 'irq on 0', 'goes on'])
})

test('a masked CPU takes its interrupts when it unmasks, in any schedule', () => {
  for (let seed = 0; seed < 60; seed++) {
    const bench = new Bench({ cpus: 1, strategy: randomStrategy(seed) })
    const { machine } = bench
    const cpu = machine.cpus[0]!
    bench.spawn('task', (function* (): Sim {
      cpu.irqsOff = true
      machine.interrupt(cpu, interrupt('irq', function* () { bench.say('irq') }))
      yield* talk(bench, 't', 4)
      bench.say('unmasks')
      cpu.irqsOff = false
      while (bench.said.at(-1) !== 'irq') yield RELAX
    })())
    expect(machine.run()).toBe('finished')
    expect(bench.said.slice(-2)).toEqual(['unmasks', 'irq'])
  }
})

test('an interrupt on an idle CPU leaves it idle', () => {
  const bench = new Bench({ cpus: 2 })
  const { machine } = bench
  const cpu = machine.cpus[1]!
  bench.spawn('task', (function* (): Sim {
    machine.interrupt(cpu, interrupt('irq', function* () { bench.say('irq') }))
    for (let i = 0; i < 30; i++) yield point(operation, null)
  })(), { cpu: 0, bound: true })
  machine.run()
  expect(bench.said).toEqual(['irq'])
  expect(cpu.idle).toBe(true)
  expect(machine.contexts.size).toBe(0)
})

test('no task is switched to while the preempt counter is up', () => {
  let interleaved = 0
  for (let seed = 0; seed < 40; seed++) {
    const bench = new Bench({ cpus: 1, strategy: randomStrategy(seed) })
    const cpu = bench.machine.cpus[0]!
    bench.spawn('a', (function* (): Sim {
      cpu.preemptCount++
      yield* talk(bench, 'a', 3)
      cpu.preemptCount--
      yield* talk(bench, 'late', 3)
    })())
    bench.talker('b', 6)
    bench.machine.run()
    const text = bench.said.join(' ')
    expect(text).toMatch(/a0 a1 a2/)
    if (!/late0 late1 late2/.test(text)) interleaved++
  }
  expect(interleaved).toBeGreaterThan(10)
})

test('each task has its own preempt counter and interrupt flag, kept while it does not run', () => {
  const bench = new Bench({ cpus: 1 })
  const { machine } = bench
  const cpu = machine.cpus[0]!
  const sleeperBody = function* (): Sim {
    cpu.irqsOff = true
    sleeper.state = 'uninterruptible'
    yield SCHEDULE
    bench.say(`sleeper: off ${cpu.irqsOff}`)
  }
  const sleeper: Task = bench.spawn('sleeper', sleeperBody(), { cpu: 0 })
  bench.spawn('other', (function* (): Sim {
    bench.say(`other: off ${cpu.irqsOff}`)
    machine.wake(sleeper)
  })(), { cpu: 0 })
  machine.run()
  expect(bench.said).toEqual(['other: off false', 'sleeper: off true'])
})

test('asking to sleep with the preempt counter up is trouble, and the task sleeps all the same', () => {
  const bench = new Bench({ cpus: 1 })
  const { machine } = bench
  machine.trouble = { ...machine.trouble, scheduleInAtomic: (_cpu, exec) => bench.say(exec.name) }
  const taskBody = function* (): Sim {
    machine.cpus[0]!.preemptCount++
    machine.at(1000, 'wake', null, () => void machine.wake(task))
    task.state = 'interruptible'
    yield SCHEDULE
    bench.say('woken')
  }
  const task: Task = bench.spawn('task', taskBody())
  machine.run()
  expect(bench.said).toEqual(['task', 'woken'])
})

test('an interrupt that asks to sleep takes the machine down', () => {
  const bench = new Bench({ cpus: 1 })
  const { machine } = bench
  bench.spawn('task', (function* (): Sim {
    machine.interrupt(machine.cpus[0]!, interrupt('irq', function* () { yield SCHEDULE }))
    for (;;) yield RELAX
  })())
  expect(machine.run()).toBe('panic')
})
