import { describe, expect, it } from 'vitest'
import { Machine } from '../../../src-sim/engine/machine'
import { makeStrategy } from '../../../src-sim/engine/strategies'
import type { Strategy } from '../../../src-sim/engine/strategy'
import { replayStrategy } from '../../../src-sim/engine/strategies/replay'
import { point, type Sim } from '../../../src-sim/engine/suspend'

const calm: Strategy = { name: 'calm', timed: false, pick: () => 0 }

function runTasks(strategy: Strategy, turns: number[], names = turns.map((_, i) => `t${i}`)) {
  const log: string[] = []
  const machine = new Machine({ cpus: turns.length, strategy, recordKeys: true })
  const op = (): void => {}
  turns.forEach((n, i) =>
    machine.inside(() =>
      machine.spawn(
        names[i]!,
        (function* (): Sim {
          for (let k = 0; k < n; k++) {
            yield point(op, null)
            log.push(names[i]!)
          }
        })(),
        { cpu: i },
      ),
    ),
  )
  machine.run()
  return { log: log.join(' '), choices: machine.choices, steps: machine.steps }
}

describe('choices', () => {
  it('choosing 0 throughout lets one context finish before the next begins', () => {
    expect(runTasks(calm, [3, 2]).log).toBe('t0 t0 t0 t1 t1')
  })

  it('are recorded only where there was one', () => {
    expect(runTasks(calm, [4]).choices).toEqual([])
    expect(runTasks(calm, [2, 2]).choices.every((c) => c.of === 2)).toBe(true)
  })

  it('tell whether the choice interrupts somebody', () => {
    const preempting: boolean[][] = []
    const spy: Strategy = {
      ...calm,
      pick(enabled, count) {
        preempting.push(enabled.slice(0, count).map((t) => t.preempts))
        return 0
      },
    }
    runTasks(spy, [1, 1])
    expect(preempting[0]).toEqual([false, false])
    expect(preempting.slice(1).every(([first, second]) => !first && second)).toBe(true)
  })

  it('replayed, give the same run', () => {
    for (let seed = 0; seed < 50; seed++) {
      const drawn = runTasks(makeStrategy('random', { seed, preemptions: 2, choices: [] }), [3, 3, 2])
      const again = runTasks(replayStrategy(drawn.choices), [3, 3, 2])
      expect(again).toEqual(drawn)
    }
  })

  it('keep their meaning when the program has changed a little', () => {
    const drawn = runTasks(makeStrategy('random', { seed: 4, preemptions: 2, choices: [] }), [3, 3])
    // A third task that came later: every recorded choice still means t0 or t1.
    const replay = replayStrategy(drawn.choices)
    const longer = runTasks(replay, [3, 3, 1])
    expect(replay.diverged).toBe(0)
    expect(longer.log.split(' ').filter((name) => name !== 't2').join(' ')).toBe(drawn.log)
  })

  it('whose meaning is gone are counted, and the run stays calm', () => {
    const drawn = runTasks(makeStrategy('random', { seed: 4, preemptions: 2, choices: [] }), [3, 3])
    const replay = replayStrategy(drawn.choices)
    runTasks(replay, [3, 3], ['a', 'b'])
    expect(replay.diverged).toBeGreaterThan(0)
  })
})
