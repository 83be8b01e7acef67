import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { makeStrategy } from '../../src-sim/engine/strategies'
import { scheduleRunner } from '../../src-sim/lab/explore'
import { compileProgram, type LabProgram } from '../../src-sim/lab/program'
import { Session } from '../../src-sim/lab/session'
import { apiValues } from '../../src-sim/linux'
import type { LabSource } from '../../src-sim/protocol'
import { createSandbox, hardenApi, type Sandbox } from '../../src-sim/sandbox'
import { seconds, type Figure } from './figure'

function program(lab: LabSource): LabProgram {
  const compiled = compileProgram(lab)
  if ('problems' in compiled) throw new Error(compiled.problems[0]!.message)
  return compiled
}

function builtin(id: string): LabProgram {
  const root = resolve(process.cwd(), 'resources/labs', id)
  const files: Record<string, string> = {}
  for (const name of readdirSync(root)) files[name] = readFileSync(join(root, name), 'utf8')
  return program({ id, files })
}

/** Two threads that take a lock 25,000 times: a run of more than 100,000 steps. */
const LONG: LabSource = {
  id: 'long',
  files: {
    'lab.json': '{ "title": "A long run" }',
    'driver.ts': `
import { module_init, module_exit } from 'linux/module'
import { kthread_run } from 'linux/kthread'
import { DEFINE_SPINLOCK, spin_lock, spin_unlock } from 'linux/spinlock'

const lock = DEFINE_SPINLOCK('lock')
const shared = { counter: 0 }

function count(data: unknown): number {
  for (let i = 0; i < 25000; i++) {
    spin_lock(lock)
    shared.counter++
    spin_unlock(lock)
  }
  return 0
}

module_init(() => {
  kthread_run(count, null, 'counter/0')
  kthread_run(count, null, 'counter/1')
  return 0
})
module_exit(() => {})
`,
    'scenario.ts': `
import { insmod, run_until_quiet } from 'klab/scenario'
export default function () { insmod('driver'); run_until_quiet() }
`,
  },
}

function wholeSchedules(sandbox: Sandbox): Figure {
  const run = scheduleRunner(builtin('bug-01-fixed'), sandbox, {})
  const schedules = (): void => {
    for (let seed = 0; seed < 1000; seed++)
      run(makeStrategy('random', { seed, preemptions: 2, choices: [] }), false)
  }
  return {
    name: 'whole schedules of a PCI driver, boot to unload, all checkers',
    figure: 1000 / seconds(schedules),
    unit: '/s',
    budget: '>= 3,333 over all cores (1000 in 300 ms)',
  }
}

/** What a person waits for after an edit: compile, then one run with a trace. */
function editToRun(sandbox: Sandbox): Figure {
  const edit = (): void => {
    const session = new Session(builtin('bug-01-fixed'), sandbox, {})
    session.advance(() => false)
  }
  return {
    name: 'from saving a driver to the end of its run with a trace',
    figure: seconds(edit) * 1000,
    unit: 'ms',
    budget: '(no budget)',
  }
}

function jumps(sandbox: Sandbox): Figure[] {
  const long = program(LONG)
  const start = (): Session => new Session(long, sandbox, { stepsMax: 110_000 })
  const session = start()
  const whole = seconds(() => void start().advance(() => false), 3)
  session.advance(() => false)
  const { steps } = session.machine
  if (steps < 100_000) throw new Error(`the long run has only ${steps} steps`)
  let at = 0
  const shown = seconds(() => {
    for (let i = 0; i < 100; i++) {
      session.seek({ step: (at = (at + 7919) % steps) })
      session.status()
    }
  })
  const stacks = seconds(() => {
    session.seek({ step: 1 })
    session.contexts()
    session.seek({ step: 100_000 })
    session.contexts()
  }, 3)
  const back = seconds(() => {
    session.step('back')
    session.contexts()
  }, 3)
  return [
    { name: 'a compiled lab: steps with the trace on', figure: steps / whole, unit: '/s', budget: '(no budget)' },
    { name: 'jump to any of 100,000 steps: state, time, events', figure: shown * 10, unit: 'ms', budget: '<= 50, goal 16' },
    { name: 'jump to step 100,000 with call stacks, executed again', figure: stacks * 1000, unit: 'ms', budget: '<= 100' },
    { name: 'one step back there, with call stacks', figure: back * 1000, unit: 'ms', budget: '<= 100' },
  ]
}

export function labFigures(): Figure[] {
  hardenApi(apiValues())
  const sandbox = createSandbox()
  return [wholeSchedules(sandbox), editToRun(sandbox), ...jumps(sandbox)]
}
