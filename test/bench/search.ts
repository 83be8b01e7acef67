import { memoryAccess } from '../../src-sim/kernel/mm/watch'
import { Machine } from '../../src-sim/engine/machine'
import type { Sim } from '../../src-sim/engine/suspend'
import { ReducedSearch } from '../../src-sim/explorer/dpor/search'
import { spin_lock, spin_lock_init, spin_unlock, spinlock_t } from '../../src-sim/linux/spinlock'
import type { Figure } from './figure'

class Shared {
  lock = new spinlock_t()
  value = 0
  /** Known to be shared from the start: each access is a scheduling point. */
  $user = -1
}

type Body = (machine: Machine, shared: Shared, rounds: number) => Sim

/** A read and a write of a shared number, each a scheduling point, without a lock. */
function* racy({ runtime: $ }: Machine, shared: Shared, rounds: number): Sim {
  for (let i = 0; i < rounds; i++) {
    let wait = $.access(shared, 'value', false)
    if (wait) yield wait
    const { value } = shared
    wait = $.access(shared, 'value', true)
    if (wait) yield wait
    shared.value = value + 1
  }
}

function* locked({ runtime: $ }: Machine, { lock }: Shared, rounds: number): Sim {
  for (let i = 0; i < rounds; i++) {
    yield $.point(spin_lock, lock)
    const waits: unknown = spin_lock(lock)
    if (waits instanceof $.Suspend) yield waits
    yield $.point(spin_unlock, lock)
    spin_unlock(lock)
  }
}

const CONFINED = new Map([[spin_lock, 'writes'], [spin_unlock, 'writes']] as const)
const RUNS_MAX = 100_000

/** How many executions a search without a bound needs to finish. */
function executions(body: Body, tasks: number, rounds: number): number {
  const search = new ReducedSearch(Infinity, CONFINED)
  let runs = 0
  for (; !search.complete && runs < RUNS_MAX; runs++) {
    const machine = new Machine({ cpus: tasks, strategy: search.strategy() })
    const shared = new Shared()
    machine.inside(() => {
      memoryAccess(machine)
      spin_lock_init(shared.lock)
      for (let i = 0; i < tasks; i++)
        machine.spawn('task', body(machine, shared, rounds), { cpu: i })
    })
    machine.run()
    search.advance()
  }
  return runs
}

const figure = (name: string, runs: number, budget: string): Figure =>
  ({ name: `executions to search ${name}`, figure: runs, unit: '', budget })

/**
 * Counts, not times. The budgets count orders of accesses alone; here the starts and ends of tasks, of
 * which nothing is known, have their orders too.
 */
export function searchFigures(): Figure[] {
  return [
    figure('2 tasks x 1 load and store', executions(racy, 2, 1), '(no budget)'),
    figure('2 tasks x 2 loads and stores', executions(racy, 2, 2),
      '<= 34, an optimal search (Loom 828, Shuttle 923)'),
    figure('2 tasks x 2 lock and unlock', executions(locked, 2, 2),
      '<= 6, an optimal search (Loom 90, Shuttle 518)'),
  ]
}
