import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { Machine } from '../../src-sim/engine/machine'
import { randomStrategy } from '../../src-sim/engine/strategies/random'
import { makeStrategy } from '../../src-sim/engine/strategies'
import type { DriverRuntime } from '../../src-sim/engine/driver-runtime'
import type { Sim } from '../../src-sim/engine/suspend'
import { scheduleRunner } from '../../src-sim/lab/explore'
import { compileProgram } from '../../src-sim/lab/program'
import { Session } from '../../src-sim/lab/session'
import { labApi } from '../../src-sim/linux'
import { spin_lock, spin_lock_init, spin_unlock, spinlock_t } from '../../src-sim/linux/spinlock'
import { createSandbox, hardenApi, prepareRealm } from '../../src-sim/sandbox'

export interface Figure {
  name: string
  figure: number
  unit: string
  budget: string
}

class Shared {
  lock = new spinlock_t()
  counter = 0
}

function* body($: DriverRuntime, shared: Shared, rounds: number): Sim {
  const { lock } = shared
  for (let i = 0; i < rounds; i++) {
    yield $.point(spin_lock, lock)
    const waits: unknown = spin_lock(lock)
    if (waits instanceof $.Suspend) yield waits
    shared.counter++
    yield $.point(spin_unlock, lock)
    spin_unlock(lock)
  }
}

/** Tasks that take the kernel's own spinlock, the shape that other explorers are measured with. */
function lockTest(seed: number, tasks: number, rounds: number): number {
  const m = new Machine({ cpus: tasks, strategy: randomStrategy(seed) })
  const shared = new Shared()
  m.inside(() => {
    spin_lock_init(shared.lock)
    for (let i = 0; i < tasks; i++) m.spawn('task', body(m.runtime, shared, rounds), { cpu: i })
  })
  m.run()
  if (shared.counter !== tasks * rounds) throw new Error('the lock did not hold')
  return m.steps
}

const cpuSeconds = (): number => process.cpuUsage().user / 1e6

function measure(work: () => number): { seconds: number; count: number } {
  work()
  const start = cpuSeconds()
  const count = work()
  return { seconds: cpuSeconds() - start, count }
}

export async function scheduleFigures(): Promise<Figure[]> {
  const figures: Figure[] = []
  let steps = 0
  const w1 = measure(() => {
    steps = 0
    for (let seed = 0; seed < 20_000; seed++) steps += lockTest(seed, 3, 4)
    return 20_000
  })
  figures.push({ name: 'schedules of 3 tasks x 4 lock/count/unlock, no trace', figure: w1.count / w1.seconds, unit: '/s', budget: '>= 100,000 (Shuttle 42,000)' })
  figures.push({ name: 'scheduled steps in these', figure: steps / w1.seconds, unit: '/s', budget: '>= 2,000,000 with a trace' })
  const w2 = measure(() => {
    for (let seed = 0; seed < 300; seed++) lockTest(seed, 10, 100)
    return 300
  })
  figures.push({ name: 'schedules of 10 tasks x 100', figure: w2.count / w2.seconds, unit: '/s', budget: '>= 510 (Shuttle 510)' })
  prepareRealm()
  hardenApi(labApi.values())
  const sandbox = createSandbox()
  const root = resolve(process.cwd(), 'resources/labs/bug-01-fixed')
  const files: Record<string, string> = {}
  for (const name of ['lab.json', 'machine.ts', 'scenario.ts', 'driver.ts']) files[name] = readFileSync(join(root, name), 'utf8')
  const program = compileProgram({ id: 'bug-01-fixed', files })
  if ('problems' in program) throw new Error('the lab does not compile')
  const run = scheduleRunner(program, sandbox, {})
  const whole = measure(() => {
    for (let i = 0; i < 300; i++) run(makeStrategy('random', { seed: i, preemptions: 2, choices: [] }), false)
    return 300
  })
  figures.push({ name: 'whole schedules of a PCI driver, boot to shutdown, all checkers', figure: whole.count / whole.seconds, unit: '/s', budget: '>= 3,333 (1000 in 300 ms)' })
  const session = new Session(program, sandbox, {})
  session.advance(() => false)
  const back = measure(() => {
    for (let i = 0; i < 50; i++) {
      session.seek({ step: (i * 7) % session.machine.steps })
      session.contexts()
    }
    return 50
  })
  figures.push({ name: 'jump to any step of a short run, with call stacks', figure: (back.seconds / back.count) * 1000, unit: 'ms', budget: '<= 16' })
  return figures
}
