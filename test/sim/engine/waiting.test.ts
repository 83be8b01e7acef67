import { expect, test } from 'vitest'
import type { Task } from '../../../src-sim/engine/exec'
import { randomStrategy } from '../../../src-sim/engine/strategies/random'
import { fair, type Strategy } from '../../../src-sim/engine/strategy'
import { LOOP, point, RELAX, SCHEDULE, spinOn, type Sim } from '../../../src-sim/engine/suspend'
import { Bench, operation, scripted, talk } from './kit'

const strategies: [string, () => Strategy][] = [
  ['time', () => fair],
  ['the calm choice', () => scripted([])],
  ...Array.from({ length: 8 }, (_, seed): [string, () => Strategy] => [
    `chance ${seed}`, () => randomStrategy(seed),
  ]),
]

test.each(strategies)('a polling loop ends when the other CPU sets the flag: by %s', (_n, make) => {
  const bench = new Bench({ strategy: make(), stepsMax: 5000 })
  let flag = false
  bench.spawn('poller', (function* (): Sim {
    while (!flag) yield RELAX
    bench.say('seen')
  })(), { cpu: 0 })
  bench.spawn('setter', (function* (): Sim {
    yield* talk(bench, 's', 3)
    flag = true
  })(), { cpu: 1 })
  expect(bench.machine.run()).toBe('finished')
  expect(bench.said).toEqual(['s0', 's1', 's2', 'seen'])
})

test.each(strategies)('a polling loop ends when an event sets the flag: by %s', (_n, make) => {
  const bench = new Bench({ cpus: 1, strategy: make(), stepsMax: 50_000 })
  let flag = false
  bench.machine.at(50_000_000, 'hardware', null, () => (flag = true))
  bench.spawn('poller', (function* (): Sim {
    while (!flag) yield RELAX
  })())
  expect(bench.machine.run()).toBe('finished')
  expect(bench.machine.steps).toBeLessThan(1000)
})

test('whoever polls between all steps of another is not kept waiting by ever longer turns', () => {
  const poller: Strategy = {
    name: 'poller', timed: false,
    pick: (enabled, count) =>
      Math.max(0, enabled.slice(0, count).findIndex((t) => t.exec?.name.startsWith('poller'))),
  }
  const bench = new Bench({ strategy: poller, stepsMax: 5000 })
  let flag = false
  bench.spawn('poller', (function* (): Sim {
    while (!flag) yield RELAX
  })(), { cpu: 0 })
  bench.spawn('setter', (function* (): Sim {
    yield* talk(bench, 's', 500)
    flag = true
  })(), { cpu: 1 })
  expect(bench.machine.run()).toBe('finished')
  expect(bench.machine.nowNs).toBeLessThan(10_000_000)
})

test('a poller looks again after every move of others, not only when they have come to rest', () => {
  let early = 0
  for (let seed = 0; seed < 30; seed++) {
    const bench = new Bench({ strategy: randomStrategy(seed) })
    let flag = false
    let polled = 0
    bench.spawn('poller', (function* (): Sim {
      for (; !flag; polled++) yield RELAX
      bench.say('seen')
    })(), { cpu: 0 })
    bench.spawn('setter', (function* (): Sim {
      yield* talk(bench, 'before', 6)
      flag = true
      yield* talk(bench, 'after', 6)
    })(), { cpu: 1 })
    bench.machine.run()
    if (polled > 0 && bench.said.at(-1) === 'after5') early++
  }
  expect(early).toBeGreaterThan(10)
})

test.each(strategies)('a polling loop that nothing can end is told, in little time: by %s', (_n, make) => {
  const bench = new Bench({ cpus: 1, strategy: make(), stepsMax: 100_000 })
  const { machine } = bench
  machine.trouble = {
    ...machine.trouble,
    stuck: (exec, forNs) => {
      bench.say(`${exec.name} for ${Math.floor(forNs / 1e9)} s`)
      machine.halt('stopped', 'stuck')
    },
  }
  bench.spawn('poller', (function* (): Sim {
    for (;;) yield RELAX
  })())
  expect(machine.run()).toBe('stopped')
  expect(bench.said).toEqual([expect.stringMatching(/^poller for 2\d s$/)])
  expect(machine.steps).toBeLessThan(1000)
})

test('an endless loop without any call is reported too', () => {
  const bench = new Bench({ cpus: 1, stepsMax: 100_000 })
  const { machine } = bench
  machine.trouble = { ...machine.trouble, stuck: () => machine.halt('stopped', 'stuck') }
  bench.spawn('looper', (function* (): Sim {
    for (;;) yield LOOP
  })())
  expect(machine.run()).toBe('stopped')
})

test.each([
  ['an interrupt', true, 'stopped'],
  ['a task', false, 'until'],
] as const)('a loop in %s is trusted for as long as it deserves', (_what, inInterrupt, stop) => {
  const bench = new Bench({ cpus: 1, stepsMax: 500 })
  const { machine } = bench
  machine.trouble = { ...machine.trouble, stuck: () => machine.halt('stopped', 'stuck') }
  const loop = function* (): Sim {
    for (;;) yield LOOP
  }
  if (inInterrupt)
    machine.interrupt(machine.cpus[0]!, { name: 'irq', source: machine, start: loop })
  else bench.spawn('looper', loop())
  expect(machine.run()).toBe(stop)
})

test.each(strategies)('a busy wait lasts until the object is released: by %s', (_n, make) => {
  const bench = new Bench({ cpus: 2, strategy: make(), stepsMax: 5000 })
  const { machine } = bench
  const lock = { held: true }
  bench.spawn('waiter', (function* (): Sim {
    while (lock.held) yield spinOn(lock)
    bench.say('got it')
  })(), { cpu: 0, bound: true })
  bench.spawn('owner', (function* (): Sim {
    yield* talk(bench, 'o', 3)
    lock.held = false
    machine.unspin(lock)
  })(), { cpu: 1, bound: true })
  expect(machine.run()).toBe('finished')
  expect(bench.said).toEqual(['o0', 'o1', 'o2', 'got it'])
})

test('a busy wait does not cost steps while it waits', () => {
  const bench = new Bench({ cpus: 2, strategy: scripted([]) })
  const { machine } = bench
  const lock = {}
  bench.spawn('waiter', (function* (): Sim {
    yield spinOn(lock)
  })(), { cpu: 0, bound: true })
  bench.spawn('owner', (function* (): Sim {
    yield* talk(bench, 'o', 100)
    machine.unspin(lock)
  })(), { cpu: 1, bound: true })
  machine.run()
  expect(machine.steps).toBeLessThan(110)
})

test('two CPUs that busy-wait for each other are a deadlock at once, with both named', () => {
  for (const [, make] of strategies) {
    const bench = new Bench({ cpus: 2, strategy: make(), stepsMax: 5000 })
    const { machine } = bench
    machine.trouble = {
      ...machine.trouble,
      deadlock: (tasks) => bench.say(tasks.map((t) => t.name).sort().join('+')),
    }
    const locks = [{}, {}] as const
    const wait = function* (lock: object): Sim {
      yield spinOn(lock)
    }
    machine.main = bench.spawn('a', wait(locks[0]), { cpu: 0, bound: true })
    bench.spawn('b', wait(locks[1]), { cpu: 1, bound: true })
    expect(machine.run()).toBe('deadlock')
    expect(bench.said).toEqual(['a+b'])
    expect(machine.steps).toBeLessThan(10)
  }
})

test('sleepers whom nobody will wake are a deadlock; housekeeping does not hide it', () => {
  const bench = new Bench({ cpus: 1 })
  const { machine } = bench
  const tick = (): void => void machine.atBackground(machine.nowNs + 1000, 'watchdog', tick)
  tick()
  machine.main = bench.spawn('sleeper', (function* (): Sim {
    machine.main!.state = 'interruptible'
    yield SCHEDULE
  })())
  expect(machine.run()).toBe('deadlock')
})

test('tasks that are left when the main one has ended do not make a deadlock', () => {
  const bench = new Bench({ cpus: 1 })
  const { machine } = bench
  machine.main = bench.talker('main', 2)
  const workerBody = function* (): Sim {
    worker.state = 'interruptible'
    yield SCHEDULE
  }
  const worker: Task = bench.spawn('worker', workerBody())
  expect(machine.run()).toBe('finished')
})

test('a wake-up between setting the state and giving up the CPU is not lost', () => {
  for (const [, make] of strategies) {
    const bench = new Bench({ cpus: 2, strategy: make() })
    const { machine } = bench
    const sleeperBody = function* (): Sim {
      sleeper.state = 'interruptible'
      yield point(operation, null)
      yield SCHEDULE
      bench.say('awake')
    }
    const sleeper: Task = bench.spawn('sleeper', sleeperBody(), { cpu: 0 })
    bench.spawn('waker', (function* (): Sim {
      while (sleeper.state === 'running' && !sleeper.finished) yield RELAX
      machine.wake(sleeper)
    })(), { cpu: 1 })
    expect(machine.run()).toBe('finished')
    expect(bench.said).toEqual(['awake'])
  }
})
