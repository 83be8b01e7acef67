import { attachKcsan } from '../../src-sim/checkers/kcsan'
import { attachLockdep } from '../../src-sim/checkers/lockdep'
import type { DriverRuntime } from '../../src-sim/engine/driver-runtime'
import { Machine } from '../../src-sim/engine/machine'
import { randomStrategy } from '../../src-sim/engine/strategies/random'
import type { Sim } from '../../src-sim/engine/suspend'
import { recorder } from '../../src-sim/kernel/emit'
import { memoryAccess } from '../../src-sim/kernel/mm/watch'
import { attachCheckers } from '../../src-sim/lab/checkers'
import { spin_lock, spin_lock_init, spin_unlock, spinlock_t } from '../../src-sim/linux/spinlock'
import { seconds, type Figure } from './figure'

class Shared {
  lock = new spinlock_t()
  counter = 0
}

/** What the compiler makes of `spin_lock(&s->lock); s->counter++; spin_unlock(&s->lock)`. */
function* body($: DriverRuntime, shared: Shared, rounds: number): Sim {
  const { lock } = shared
  for (let i = 0; i < rounds; i++) {
    yield $.point(spin_lock, lock)
    const waits: unknown = spin_lock(lock)
    if (waits instanceof $.Suspend) yield waits
    let before: unknown
    if ($.watch && (before = $.access(shared, 'counter', true))) yield before
    shared.counter++
    yield $.point(spin_unlock, lock)
    spin_unlock(lock)
  }
}

type Attach = (machine: Machine) => void

/** Tasks that take the kernel's own spinlock, the shape that other explorers are measured with. */
function lockTest(seed: number, tasks: number, rounds: number, attach: Attach): number {
  const machine = new Machine({ cpus: tasks, strategy: randomStrategy(seed) })
  const shared = new Shared()
  machine.inside(() => {
    attach(machine)
    spin_lock_init(shared.lock)
    for (let i = 0; i < tasks; i++)
      machine.spawn('task', body(machine.runtime, shared, rounds), { cpu: i })
  })
  machine.run()
  if (shared.counter !== tasks * rounds) throw new Error('the lock did not hold')
  if (machine.findings.length > 0) throw new Error(machine.findings[0]!.title)
  machine.dismantle()
  return machine.steps
}

interface Rate {
  schedules: number
  steps: number
}

function rate(times: number, tasks: number, rounds: number, attach: Attach = () => {}): Rate {
  let steps = 0
  const taken = seconds(() => {
    steps = 0
    for (let seed = 0; seed < times; seed++) steps += lockTest(seed, tasks, rounds, attach)
  })
  return { schedules: times / taken, steps: steps / taken }
}

const tracing: Attach = (machine) => void recorder(machine).start()

function sanitizers(machine: Machine): void {
  memoryAccess(machine)
  attachCheckers(machine, { kcsan: true })
}

const perSecond = (name: string, figure: number, budget: string): Figure =>
  ({ name, figure, unit: '/s', budget })

const steps = (attach: Attach): number => rate(1, 2, 20_000, attach).steps

/** The bare engine. */
export function lockFigures(): Figure[] {
  return [
    perSecond('schedules of 3 tasks x 4 lock/count/unlock', rate(10_000, 3, 4).schedules,
      '>= 45,000, goal 100,000 (Shuttle 42,000, Loom 10,800)'),
    perSecond('schedules of 10 tasks x 100', rate(100, 10, 100).schedules,
      '>= 510, goal 650 (Shuttle 510)'),
    perSecond('scheduled steps, bare', steps(() => {}), '(no budget)'),
  ]
}

/** With one listener each. */
export function listenerFigures(): Figure[] {
  return [
    perSecond('scheduled steps, tracing on', steps(tracing), '>= 2,000,000'),
    perSecond('scheduled steps, lockdep on', steps((m) => void attachLockdep(m)),
      '>= 1,000,000 (half of the figure without)'),
    perSecond('scheduled steps, data race detector on', steps((machine) => {
      memoryAccess(machine)
      attachKcsan(machine)
    }), '(no budget)'),
  ]
}

/** With all of them, as labs run. */
export function checkedFigures(): Figure[] {
  const all: Attach = (machine) => {
    tracing(machine)
    sanitizers(machine)
  }
  return [
    perSecond('schedules of 3 tasks x 4, all sanitizers and the trace on',
      rate(2_000, 3, 4, all).schedules, '>= 15,000, goal 30,000 (Loom 10,800)'),
    perSecond('scheduled steps, all sanitizers and the trace on', steps(all), '(no budget)'),
  ]
}
