import { expect, test } from 'vitest'
import { now } from '../../../src-sim/engine/current'
import { TaskDeath, type Exec } from '../../../src-sim/engine/exec'
import type { Machine } from '../../../src-sim/engine/machine'
import { position } from '../../../src-sim/engine/position'
import { point, RELAX, type Sim } from '../../../src-sim/engine/suspend'
import { Bench, operation } from './kit'

/** Gathers the oopses of a machine as `name: message`. */
function oopses(machine: Machine): string[] {
  const list: string[] = []
  machine.trouble = {
    ...machine.trouble,
    oops: (exec, error) => void list.push(`${exec.name}: ${(error as Error).message}`),
  }
  return list
}

test('frames are pushed by yielding a generator and their results come back', () => {
  const bench = new Bench()
  function* leaf(n: number): Sim<number> {
    yield point(operation, null)
    return n * 2
  }
  function* middle(n: number): Sim<number> {
    return (yield leaf(n)) + 1
  }
  const task = bench.spawn('task', (function* (): Sim<number> {
    return (yield middle(10)) + (yield leaf(1))
  })())
  bench.machine.run()
  expect(task.result).toBe(23)
  expect(task.depth).toBe(0)
})

test('a thousand frames deep costs a step no more than one frame deep', () => {
  const bench = new Bench()
  let deepest = 0
  function* down(n: number): Sim<number> {
    deepest = Math.max(deepest, now.exec!.depth)
    if (n > 0) return (yield down(n - 1)) + 1
    yield point(operation, null)
    return 0
  }
  const task = bench.spawn('task', down(1000))
  bench.machine.run()
  expect(task.result).toBe(1000)
  expect(deepest).toBe(1001)
  expect(bench.machine.steps).toBe(3)
})

test('an error goes through the frames, `finally` first, until one catches it', () => {
  const bench = new Bench()
  const oops = oopses(bench.machine)
  function* leaf(): Sim {
    yield point(operation, null)
    throw new Error('broken')
  }
  function* middle(): Sim {
    try {
      yield leaf()
    } finally {
      bench.say('finally')
    }
  }
  bench.spawn('task', (function* (): Sim {
    try {
      yield middle()
    } catch (error) {
      bench.say(`caught ${(error as Error).message}`)
    }
    yield point(operation, null)
    bench.say('goes on')
  })())
  bench.machine.run()
  expect(bench.said).toEqual(['finally', 'caught broken', 'goes on'])
  expect(oops).toEqual([])
})

test('an error that nobody catches ends its task only', () => {
  const bench = new Bench({ cpus: 1 })
  const oops = oopses(bench.machine)
  const dead = bench.spawn('unlucky', (function* (): Sim {
    yield point(operation, null)
    throw new Error('null pointer')
  })())
  bench.talker('other', 2)
  expect(bench.machine.run()).toBe('finished')
  expect(oops).toEqual(['unlucky: null pointer'])
  expect([dead.died, dead.finished, dead.state]).toEqual([true, true, 'dead'])
  expect(bench.said).toEqual(['other0', 'other1'])
})

test('the end of a task by the kernel runs no code of the lab on its way', () => {
  const bench = new Bench()
  const oops = oopses(bench.machine)
  function* victim(): Sim {
    try {
      yield point(operation, null)
      throw new TaskDeath('killed')
    } finally {
      bench.say('the victim itself unwinds')
    }
  }
  bench.spawn('task', (function* (): Sim {
    try {
      yield victim()
    } catch {
      bench.say('caught')
    }
  })())
  bench.machine.run()
  expect(bench.said).not.toContain('caught')
  expect(oops).toEqual([])
})

test('an error in an interrupt takes the machine down', () => {
  const bench = new Bench({ cpus: 1 })
  const { machine } = bench
  const oops = oopses(machine)
  bench.spawn('task', (function* (): Sim {
    machine.interrupt(machine.cpus[0]!, {
      name: 'irq 9',
      source: {},
      *start() {
        throw new Error('in a handler')
      },
    })
    for (;;) yield RELAX
  })())
  expect(machine.run()).toBe('panic')
  expect(oops).toEqual(['irq 9: in a handler'])
})

test('a fault remembers the stack as it was, innermost first', () => {
  const bench = new Bench()
  const { machine } = bench
  const $ = machine.runtime
  const caller = position(1, 10, 3)
  const culprit = position(1, 20, 5)
  let seen: Exec['fault'] = null
  machine.trouble = { ...machine.trouble, oops: (exec) => (seen = exec.fault) }
  function* inner(): Sim {
    $.p = culprit
    yield point(operation, null)
    $.p = culprit
    throw new Error('here')
  }
  function* outer(): Sim {
    $.p = caller
    yield inner()
  }
  bench.spawn('kthread', (function* (): Sim {
    yield outer()
  })())
  machine.run()
  expect(seen!.frames).toEqual([culprit, caller, 'kthread'])
})

test('what ends a task from outside is told once, in the order of ending', () => {
  const bench = new Bench({ cpus: 1 })
  const ends: string[] = []
  bench.machine.observer.contextEnd = (exec) => void ends.push(exec.name)
  bench.talker('short', 1)
  bench.talker('long', 3)
  bench.machine.run()
  expect(ends).toEqual(['short', 'long'])
})
