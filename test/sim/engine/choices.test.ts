import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { MachineOptions } from '../../../src-sim/engine/machine'
import { randomStrategy } from '../../../src-sim/engine/strategies/random'
import { replayStrategy } from '../../../src-sim/engine/strategies/replay'
import type { RecordedChoice, Transition } from '../../../src-sim/engine/transition'
import { Bench, scripted, talk } from './kit'

/** Three tasks on two CPUs, one of which starts late. */
function threeTasks(options: MachineOptions, late = true): Bench {
  const bench = new Bench({ cpus: 2, recordKeys: true, ...options })
  const { machine } = bench
  bench.talker('a', 3, { cpu: 0 })
  bench.talker('b', 3, { cpu: 1 })
  bench.talker('c', 3, { cpu: 0 })
  if (late)
    machine.at(500, 'start', null, () => void machine.spawn('d', talk(bench, 'd', 2), { cpu: 1 }))
  return bench
}

test('choosing 0 throughout is the calm schedule: each context goes on until it must stop', () => {
  const bench = threeTasks({ strategy: scripted([]) }, false)
  bench.machine.run()
  expect(bench.said.join(' ')).toBe('a0 a1 a2 c0 c1 c2 b0 b1 b2')
  expect(bench.machine.choices.every((c) => c.index === 0)).toBe(true)
})

test('a choice is recorded only where more than one thing could happen', () => {
  const bench = new Bench({ cpus: 1, strategy: scripted([]) })
  bench.talker('alone', 5)
  bench.machine.run()
  expect(bench.said).toHaveLength(5)
  expect(bench.machine.choices).toEqual([])
})

test('any choices give a whole run, and the same choices give the same run', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(4), { maxLength: 40 }), (picks) => {
      const first = threeTasks({ strategy: scripted(picks) })
      first.machine.run()
      expect([...first.said].sort()).toEqual(
        ['a0', 'a1', 'a2', 'b0', 'b1', 'b2', 'c0', 'c1', 'c2', 'd0', 'd1'],
      )
      const again = threeTasks({ strategy: scripted(picks) })
      again.machine.run()
      expect(again.said).toEqual(first.said)
      expect(again.machine.choices).toEqual(first.machine.choices)
      expect(again.machine.nowNs).toBe(first.machine.nowNs)
    }),
  )
})

test('a recorded schedule replays, whatever drew it', () => {
  for (let seed = 0; seed < 50; seed++) {
    const drawn = threeTasks({ strategy: randomStrategy(seed) })
    drawn.machine.run()
    const strategy = replayStrategy(drawn.machine.choices)
    const replayed = threeTasks({ strategy })
    replayed.machine.run()
    expect(replayed.said).toEqual(drawn.said)
    expect(replayed.machine.choices).toEqual(drawn.machine.choices)
    expect(strategy.diverged).toBe(0)
  }
})

test('different seeds draw different schedules', () => {
  const seen = new Set<string>()
  for (let seed = 0; seed < 20; seed++) {
    const bench = threeTasks({ strategy: randomStrategy(seed) })
    bench.machine.run()
    seen.add(bench.said.join(' '))
  }
  expect(seen.size).toBeGreaterThan(10)
})

test('a record that ends early goes on calmly, and one with too much in it loses nothing', () => {
  fc.assert(
    fc.property(fc.nat(1000), fc.nat(12), (seed, cut) => {
      const drawn = threeTasks({ strategy: randomStrategy(seed) })
      drawn.machine.run()
      const { choices } = drawn.machine
      const short = threeTasks({ strategy: replayStrategy(choices.slice(0, cut)) })
      short.machine.run()
      expect(short.machine.choices.slice(0, cut)).toEqual(choices.slice(0, cut))
      expect(short.machine.choices.slice(cut).every((c) => c.index === 0)).toBe(true)
      const alien: RecordedChoice = { index: 1, of: 2, key: 'cpu7>nobody~0' }
      const long = threeTasks({ strategy: replayStrategy([...choices, alien]) })
      long.machine.run()
      expect(long.said).toEqual(drawn.said)
    }),
    { numRuns: 60 },
  )
})

test('a recorded choice that is not on offer waits for its turn and the run still ends', () => {
  const drawn = threeTasks({ strategy: randomStrategy(3) })
  drawn.machine.run()
  const alien: RecordedChoice = { index: 0, of: 2, key: 'cpu7>nobody~0' }
  const strategy = replayStrategy([alien, ...drawn.machine.choices])
  const replayed = threeTasks({ strategy })
  expect(replayed.machine.run()).toBe('finished')
  expect(replayed.said).toHaveLength(11)
  expect(strategy.diverged).toBeGreaterThan(0)
})

test('a recorded schedule keeps its meaning when the program has got one more task', () => {
  for (let seed = 0; seed < 20; seed++) {
    const two = new Bench({ cpus: 3, recordKeys: true, strategy: randomStrategy(seed) })
    two.talker('a', 3, { cpu: 0 })
    two.talker('b', 3, { cpu: 1 })
    two.machine.run()
    const strategy = replayStrategy(two.machine.choices)
    const three = new Bench({ cpus: 3, recordKeys: true, strategy })
    for (const [cpu, name] of ['a', 'b', 'new'].entries()) three.talker(name, 3, { cpu })
    three.machine.run()
    expect(strategy.diverged).toBe(0)
    expect(three.said.filter((word) => !word.startsWith('new'))).toEqual(two.said)
  }
})

test('a transition says whether taking it interrupts somebody who could go on', () => {
  const seen: boolean[][] = []
  const spy = {
    name: 'spy',
    timed: false,
    pick: (enabled: readonly Transition[], count: number) => {
      seen.push(enabled.slice(0, count).map((t) => t.preempts))
      return 0
    },
  }
  const bench = new Bench({ cpus: 2, strategy: spy })
  bench.talker('a', 2, { cpu: 0 })
  bench.talker('b', 2, { cpu: 1 })
  bench.machine.run()
  expect(seen[0]).toEqual([false, false])
  expect(seen.slice(1)).not.toEqual([])
  for (const marks of seen.slice(1)) expect(marks).toEqual([false, true])
})

test('a choice says what it means: who does what on which object, and the how-manieth time', () => {
  const bench = threeTasks({ strategy: scripted([]) }, false)
  bench.machine.run()
  const keys = bench.machine.choices.map((c) => c.key)
  expect(keys).toContain('a:operation(Bench)~0')
  expect(keys).toContain('a:operation(Bench)~1')
  expect(new Set(keys).size).toBe(keys.length)
})

test('with no preemption a task goes on until it gives up its CPU', () => {
  for (let seed = 0; seed < 30; seed++) {
    const bench = new Bench({ cpus: 1, preemption: 'none', strategy: randomStrategy(seed) })
    bench.talker('a', 3)
    bench.talker('b', 3)
    bench.machine.run()
    expect(['a0 a1 a2 b0 b1 b2', 'b0 b1 b2 a0 a1 a2']).toContain(bench.said.join(' '))
  }
})
