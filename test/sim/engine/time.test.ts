import { expect, test } from 'vitest'
import { now } from '../../../src-sim/engine/current'
import { service } from '../../../src-sim/engine/service'
import { randomStrategy } from '../../../src-sim/engine/strategies/random'
import { fair } from '../../../src-sim/engine/strategy'
import { point, SCHEDULE, type Sim } from '../../../src-sim/engine/suspend'
import type { Task } from '../../../src-sim/engine/exec'
import { Bench, operation, scripted, sleep, talk } from './kit'

test('in timed runs events and steps happen by virtual time', () => {
  const bench = new Bench({ cpus: 1 })
  const { machine } = bench
  for (const timeNs of [5000, 1500, 3000])
    machine.at(timeNs, 'e', null, () => bench.say(`event at ${machine.nowNs}`))
  bench.spawn('task', (function* (): Sim {
    machine.consume(2000)
    yield point(operation, null)
    bench.say('later')
  })())
  machine.run()
  expect(bench.said).toEqual(['event at 1500', 'event at 3000', 'later', 'event at 5000'])
})

test('time never goes back, whatever is chosen', () => {
  for (let seed = 0; seed < 40; seed++) {
    const bench = new Bench({ strategy: randomStrategy(seed) })
    const { machine } = bench
    let latest = 0
    const look = (): void => {
      expect(machine.nowNs).toBeGreaterThanOrEqual(latest)
      latest = machine.nowNs
    }
    machine.observer.step = look
    for (let i = 0; i < 10; i++) machine.at((i * 7919) % 4000, 'e', null, look)
    bench.talker('a', 20, { cpu: 0 })
    bench.talker('b', 20, { cpu: 1 })
    machine.run()
    look()
  }
})

test('an event in the past happens now, after those that are already due', () => {
  const bench = new Bench({ cpus: 1 })
  const { machine } = bench
  bench.spawn('task', (function* (): Sim {
    machine.consume(1000)
    yield point(operation, null)
    machine.at(machine.nowNs, 'due', null, () => bench.say('due'))
    machine.at(10, 'late', null, () => bench.say(`late ${machine.nowNs >= 1000}`))
  })())
  machine.run()
  expect(bench.said).toEqual(['due', 'late true'])
})

test('in chosen runs the clock does not run far ahead of a context that could go on', () => {
  for (let seed = 0; seed < 60; seed++) {
    const bench = new Bench({ cpus: 1, strategy: randomStrategy(seed), lagMaxNs: 1000 })
    const { machine } = bench
    machine.at(1_000_000, 'far', null, () => bench.say('far'))
    bench.talker('t', 5)
    machine.run()
    expect(bench.said[5]).toBe('far')
  }
})

test.each(['ends', 'sleeps'])('a CPU whose task %s takes over one that waits and is not bound', (how) => {
  const where = (bound: boolean): number => {
    const bench = new Bench({ cpus: 2, strategy: fair })
    const cpus = new Set<number>()
    const body = function* (): Sim {
      for (let i = 0; i < 30; i++) {
        yield point(operation, null)
        cpus.add(now.cpu!.id)
      }
    }
    const fillerBody = function* (): Sim {
      yield point(operation, null)
      if (how === 'sleeps') yield* sleep(filler)
    }
    const filler: Task = bench.spawn('filler', fillerBody(), { cpu: 1, bound: true })
    for (let i = 0; i < 3; i++) bench.spawn(`t${i}`, body(), { cpu: 0, bound })
    bench.machine.run()
    return cpus.size
  }
  expect(where(false)).toBe(2)
  expect(where(true)).toBe(1)
})

test('a more urgent task takes the CPU as soon as it is woken', () => {
  const bench = new Bench({ cpus: 1 })
  const { machine } = bench
  const urgentBody = function* (): Sim {
    yield* sleep(urgent)
    bench.say('urgent')
  }
  const urgent: Task = bench.spawn('rt', urgentBody(), { priority: 10 })
  bench.spawn('normal', (function* (): Sim {
    machine.wake(urgent)
    yield* talk(bench, 'n', 2)
  })())
  machine.run()
  expect(bench.said).toEqual(['urgent', 'n0', 'n1'])
})

test('equal tasks share a CPU by time slices', () => {
  const bench = new Bench({ cpus: 1 })
  const { machine } = bench
  const body = function* (name: string): Sim {
    for (let i = 0; i < 4; i++) {
      machine.consume(1_000_000)
      yield point(operation, null)
      bench.say(name)
    }
  }
  bench.spawn('a', body('a'))
  bench.spawn('b', body('b'))
  machine.run()
  expect(bench.said.join('')).toMatch(/^a+b+a+b+$/)
})

test('a run stops at its step budget, at a step asked for, and at a time asked for', () => {
  const endless = (): Bench => {
    const bench = new Bench({ cpus: 1, stepsMax: 50 })
    bench.talker('t', 1e9)
    return bench
  }
  const budget = endless().machine
  expect(budget.run()).toBe('until')
  expect(budget.steps).toBe(50)
  expect(budget.step()).toBe(false)
  const single = endless().machine
  while (single.step());
  expect(single.steps).toBe(50)
  expect(single.stop).toBe('until')
  const steps = endless().machine
  expect(steps.run(Infinity, 20)).toBeNull()
  expect(steps.steps).toBe(20)
  const time = endless().machine
  expect(time.run(2000)).toBeNull()
  expect(time.nowNs).toBeGreaterThanOrEqual(2000)
  expect(time.steps).toBeLessThan(50)
  expect(time.run()).toBe('until')
  expect(time.steps).toBe(50)
})

test('stepping one by one and running in one go are the same run', () => {
  const make = (): Bench => {
    const bench = new Bench({ strategy: randomStrategy(7) })
    for (const [i, name] of ['a', 'b', 'c'].entries()) bench.talker(name, 10, { cpu: i % 2 })
    return bench
  }
  const whole = make()
  whole.machine.run()
  const single = make()
  while (single.machine.step());
  expect(single.said).toEqual(whole.said)
  expect(single.machine.steps).toBe(whole.machine.steps)
  expect(single.machine.nowNs).toBe(whole.machine.nowNs)
})

test('a service exists once per machine and is made when it is first asked for', () => {
  let made = 0
  const counter = service((machine) => ({ machine, number: ++made }))
  const [a, b] = [new Bench().machine, new Bench().machine]
  expect(made).toBe(0)
  expect(counter(a)).toBe(counter(a))
  expect(counter(b)).not.toBe(counter(a))
  expect(counter(b).machine).toBe(b)
  expect(made).toBe(2)
})

test('objects are numbered in the order in which they are first asked about, owners first', () => {
  const { machine } = new Bench()
  const named: [number, number][] = []
  machine.observer.objectNamed = (_object, id, parent) => void named.push([id, parent])
  const owner = {}
  const part = { $parent: owner }
  expect(machine.idOf(part)).toBe(2)
  expect(machine.idOf(owner)).toBe(1)
  expect(machine.idOf(part)).toBe(2)
  expect(named).toEqual([[1, 0], [2, 1]])
})

test('a task that yields its CPU without sleeping goes to the end of the queue', () => {
  const bench = new Bench({ cpus: 1, strategy: scripted([]) })
  for (const name of ['a', 'b'])
    bench.spawn(name, (function* (): Sim {
      for (let i = 0; i < 2; i++) {
        bench.say(name)
        yield SCHEDULE
      }
    })())
  bench.machine.run()
  expect(bench.said).toEqual(['a', 'b', 'a', 'b'])
})
