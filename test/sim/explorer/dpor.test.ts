import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Machine } from '../../../src-sim/engine/machine'
import type { Strategy } from '../../../src-sim/engine/strategy'
import type { Sim } from '../../../src-sim/engine/suspend'
import { ReducedSearch } from '../../../src-sim/explorer/dpor/search'
import type { SearchShare } from '../../../src-sim/explorer/search-share'
import { memoryAccess } from '../../../src-sim/kernel/mm/watch'
import { spin_lock, spin_lock_init, spin_unlock, spinlock_t } from '../../../src-sim/linux/spinlock'
import { PlainSearch } from './plain-search'

/** What a task does: move a shared variable to or from its own, or hold a lock for a while. */
type Act = { do: 'load' | 'store' | 'add'; at: number } | { do: 'lock'; at: number; inside: Act[] }

class Cell {
  value = 0
  /** Known to be shared from the start: each access is a scheduling point. */
  $user = -1
}

class World {
  cells = [new Cell(), new Cell(), new Cell()]
  locks = [new spinlock_t(), new spinlock_t()]
  seen: number[] = []
}

/** As the compiler writes it: a point before each call, accesses announced before they happen. */
function* perform(machine: Machine, world: World, acts: readonly Act[], own: { value: number }): Sim {
  const $ = machine.runtime
  for (const act of acts) {
    if (act.do === 'lock') {
      const lock = world.locks[act.at]!
      yield $.point(spin_lock, lock)
      const waits: unknown = spin_lock(lock)
      if (waits instanceof $.Suspend) yield waits
      yield* perform(machine, world, act.inside, own)
      yield $.point(spin_unlock, lock)
      spin_unlock(lock)
      continue
    }
    const cell = world.cells[act.at]!
    const wait = $.access(cell, 'value', act.do !== 'load')
    if (wait) yield wait
    if (act.do === 'load') own.value = own.value * 3 + cell.value
    else if (act.do === 'store') cell.value = own.value + 1
    else cell.value++
  }
}

/** Runs the tasks once, each on a CPU of its own or all on `cpus`. */
function run(tasks: readonly Act[][], cpus: number, strategy: Strategy): string {
  const machine = new Machine({ cpus, strategy })
  const world = new World()
  machine.inside(() => {
    memoryAccess(machine)
    machine.runtime.watch = true
    world.locks.forEach((lock) => spin_lock_init(lock))
    tasks.forEach((acts, i) => {
      const own = { value: 10 * i }
      const body = function* (): Sim {
        yield* perform(machine, world, acts, own)
        world.seen[i] = own.value
      }
      machine.spawn(`t${i}`, body(), { cpu: i % cpus })
    })
  })
  machine.run()
  return `${machine.stop} ${world.cells.map((c) => c.value).join()} ${world.seen.join()}`
}

const CONFINED = new Map([[spin_lock, 'writes'], [spin_unlock, 'writes']] as const)
const RUNS_MAX = 1500

const load = (at: number): Act => ({ do: 'load', at })
const store = (at: number): Act => ({ do: 'store', at })
const add = (at: number): Act => ({ do: 'add', at })
const locked = (at: number): Act => ({ do: 'lock', at, inside: [add(at)] })

function plain(
  tasks: readonly Act[][], cpus: number, bound: number, runsMax = RUNS_MAX,
): Set<string> | null {
  const search = new PlainSearch(bound)
  const ends = new Set<string>()
  for (let runs = 0; !search.complete; runs++) {
    if (runs > runsMax) return null
    ends.add(run(tasks, cpus, search.strategy()))
    search.advance()
  }
  return ends
}

function reduced(
  tasks: readonly Act[][], cpus: number, bound: number, share?: SearchShare,
): { ends: Set<string>; runs: number } {
  const search = new ReducedSearch(bound, CONFINED, share)
  const ends = new Set<string>()
  let runs = 0
  while (!search.complete) {
    const end = run(tasks, cpus, search.strategy())
    if (search.mine) {
      runs++
      ends.add(end)
    }
    search.advance()
  }
  return { ends, runs }
}

const access: fc.Arbitrary<Act> = fc.record({
  do: fc.constantFrom('load' as const, 'store' as const, 'add' as const),
  at: fc.integer({ min: 0, max: 2 }),
})
const section: fc.Arbitrary<Act> = fc.record({
  do: fc.constant('lock' as const),
  at: fc.integer({ min: 0, max: 1 }),
  inside: fc.array(access, { maxLength: 2 }),
})
const task = fc.array(fc.oneof({ weight: 3, arbitrary: access }, section), { maxLength: 3 })
const programs = fc.record({
  tasks: fc.array(task, { minLength: 1, maxLength: 3 }),
  cpus: fc.integer({ min: 1, max: 3 }),
})

describe('the reduced search', () => {
  it.each([Infinity, 0, 1, 2])('with bound %s ends in all the ways that the plain one finds', (bound) => {
    fc.assert(
      fc.property(programs, ({ tasks, cpus }) => {
        const all = plain(tasks, cpus, bound)
        fc.pre(all !== null)
        const some = reduced(tasks, cpus, bound)
        expect([...some.ends].sort()).toEqual([...all!].sort())
      }),
      { numRuns: bound === Infinity ? 8 : 40 },
    )
  })

  const runs = (tasks: Act[][]): number => reduced(tasks, 2, Infinity).runs

  it('tries no order of accesses that cannot matter', () => {
    const apart = runs([[add(0), add(0)], [add(1), add(1)]])
    expect(runs([[load(0), load(1)], [load(1), load(0)]])).toBeLessThanOrEqual(apart)
    expect(runs([[add(0), add(0)], [add(0), add(0)]])).toBeGreaterThan(apart)
  })

  it('tries the orders of sections of one lock only', () => {
    const tasks = [[locked(0)], [locked(0)]]
    expect(runs([[locked(0)], [locked(1)]])).toBeLessThan(runs(tasks))
    expect(reduced(tasks, 2, Infinity).ends).toEqual(plain(tasks, 2, Infinity, 50_000))
  })

  it('shared out, ends in the same ways', () => {
    const tasks = [[load(0), store(1)], [load(1), store(0)], [add(0)]]
    const shares = [0, 1, 2].flatMap((index) => [
      ...reduced(tasks, 3, 2, { index, of: 3 }).ends,
    ])
    expect(new Set(shares)).toEqual(reduced(tasks, 3, 2).ends)
  })
})
