import { Machine } from '../../../src-sim/engine/machine'
import { point, type Sim } from '../../../src-sim/engine/suspend'
import { ensure } from '../../../src-sim/base/assert'
import type { Finding } from '../../../src-sim/engine/finding'
import type { RunSchedule } from '../../../src-sim/explorer/outcome'

/** A small concurrent program: its tasks share `state` and note what they do in `log`. */
export interface Program<S> {
  state(): S
  tasks: ((state: S, log: (what: string) => void) => Sim)[]
  /** True when this run went wrong. */
  wrong?(state: S): boolean
}

export const turn = (): ReturnType<typeof point> => point(turn, null)

/** Every task on a CPU of its own; `seen` is told the log of each run. */
export function runner<S>(program: Program<S>, seen: (log: string) => void = () => {}): RunSchedule {
  return (strategy, recordKeys) => {
    const log: string[] = []
    const state = program.state()
    const machine = new Machine({ cpus: program.tasks.length, strategy, recordKeys })
    machine.inside(() =>
      program.tasks.forEach((task, i) =>
        machine.spawn(`t${i}`, task(state, (what) => log.push(what)), { cpu: i }),
      ),
    )
    machine.run()
    seen(log.join(' '))
    const findings = program.wrong?.(state) === true ? [finding] : []
    return {
      findings,
      choices: machine.choices,
      steps: machine.steps,
      stop: machine.stop,
      hash: hashOf(machine.choices.map((c) => c.index).join()),
    }
  }
}

const numbers = new Map<string, number>()

/** No two schedules share a number. */
function hashOf(key: string): number {
  if (!numbers.has(key)) numbers.set(key, numbers.size)
  return ensure(numbers.get(key), 'just set')
}

const finding: Finding = {
  kind: 'test',
  title: 'went wrong',
  report: [],
  signature: 'test',
  file: null,
  line: 0,
  column: 0,
  step: 0,
  timeNs: 0,
  stacks: [],
  objects: [],
  rules: [],
}

/** Tasks that only take turns: task i logs its name `turns[i]` times. */
export const takingTurns = (turns: number[]): Program<null> => ({
  state: () => null,
  tasks: turns.map(
    (n, i) =>
      function* (_state, log): Sim {
        for (let k = 0; k < n; k++) {
          yield turn()
          log(`${i}`)
        }
      },
  ),
})

/** One writer sets a and then b; the checker must not see b without a... in the other order. */
export const reorder = (writers: number): Program<{ a: number; b: number; bad: boolean }> => ({
  state: () => ({ a: 0, b: 0, bad: false }),
  tasks: [
    ...Array.from(
      { length: writers },
      () =>
        function* (s: { a: number; b: number }): Sim {
          yield turn()
          s.a = 1
          yield turn()
          s.b = -1
        },
    ),
    function* (s): Sim {
      yield turn()
      const { a } = s
      yield turn()
      const { b } = s
      s.bad = !((a === 0 && b === 0) || (a === 1 && b === -1))
    },
  ],
  wrong: (s) => s.bad,
})

/** Two increments that each read, wait, and write back. */
export const lostUpdate: Program<{ n: number }> = {
  state: () => ({ n: 0 }),
  tasks: [0, 1].map(
    () =>
      function* (s: { n: number }): Sim {
        for (let i = 0; i < 3; i++) {
          yield turn()
          const { n } = s
          yield turn()
          s.n = n + 1
        }
      },
  ),
  wrong: (s) => s.n < 4,
}
