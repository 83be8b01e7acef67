import { describe, expect, it } from 'vitest'
import type { Sim } from '../../../src-sim/engine/suspend'
import { makeStrategy } from '../../../src-sim/engine/strategies'
import { learnProfile } from '../../../src-sim/explorer/profile'
import { lostUpdate, reorder, runner, takingTurns, turn, type Program } from './programs'

function logsOf(name: string, turns: number[], schedules: number): Map<string, number> {
  const counts = new Map<string, number>()
  const program = takingTurns(turns)
  const profile = learnProfile(runner(program), 0)
  const run = runner(program, (log) => counts.set(log, (counts.get(log) ?? 0) + 1))
  for (let seed = 0; seed < schedules; seed++)
    run(makeStrategy(name, { seed, preemptions: 2, choices: [], profile }), false)
  return counts
}

/** Mean number of schedules until the program goes wrong. */
function meanToBug<S>(name: string, program: Program<S>, schedules = 2000): number {
  const run = runner(program)
  const profile = learnProfile(run, 0)
  let hits = 0
  for (let seed = 0; seed < schedules; seed++) {
    const strategy = makeStrategy(name, { seed, preemptions: 2, choices: [], profile })
    hits += run(strategy, false).findings.length
  }
  return schedules / hits
}

describe('strategies', () => {
  it.each(['random', 'urw', 'pct', 'pos'])('%s draws the same schedule from the same seed', (name) => {
    const run = runner(lostUpdate)
    for (let seed = 0; seed < 20; seed++) {
      const draw = (): unknown =>
        run(makeStrategy(name, { seed, preemptions: 2, choices: [] }), true).choices
      expect(draw()).toEqual(draw())
    }
  })

  it('urw makes uneven tasks meet anywhere, where random lets the short one go early', () => {
    // Where among the eight turns of the long task does the only turn of the short one fall?
    const place = (log: string): number => log.split(' ').indexOf('1')
    const last = (name: string): number => {
      const counts = logsOf(name, [8, 1], 3000)
      let late = 0
      for (const [log, count] of counts) if (place(log) >= 6) late += count
      return late / 3000
    }
    expect(last('random')).toBeLessThan(0.08)
    expect(last('urw')).toBeGreaterThan(0.15)
  })

  it('each finds a lost update in few schedules', () => {
    for (const name of ['random', 'urw', 'pct', 'pos'])
      expect(meanToBug(name, lostUpdate), name).toBeLessThan(20)
  })

  it('urw finds the reordering of nine writers, which random nearly never meets', () => {
    expect(meanToBug('urw', reorder(9), 1000)).toBeLessThan(60)
    expect(meanToBug('urw', reorder(2))).toBeLessThan(12)
  })

  it('pct does not starve the task that a busy one waits for', () => {
    const busy: Program<{ done: boolean; looks: number }> = {
      state: () => ({ done: false, looks: 0 }),
      tasks: [
        function* (s): Sim {
          while (!s.done && s.looks++ < 10_000) yield turn()
        },
        function* (s): Sim {
          for (let i = 0; i < 10; i++) yield turn()
          s.done = true
        },
      ],
      wrong: (s) => !s.done || s.looks > 9_000,
    }
    const run = runner(busy)
    const profile = learnProfile(run, 0)
    for (let seed = 0; seed < 50; seed++) {
      const strategy = makeStrategy('pct', { seed, preemptions: 2, choices: [], profile })
      expect(run(strategy, false).findings).toEqual([])
    }
  })
})
