import { describe, expect, it } from 'vitest'
import { exploreShard } from '../../src-sim/explorer/explore'
import { confinedCalls } from '../../src-sim/lab/confined-calls'
import { scheduleRunner } from '../../src-sim/lab/explore'
import type { ExploreOptions } from '../../src-sim/protocol'
import { builtinIds, compile, readBuiltin, sandbox } from '../sim/lab/lab-kit'

/** `npm run test:slow`: no fixed lab raises a false alarm, in as many schedules as it promises. */
const SEARCHES: ExploreOptions[] = [
  { strategy: 'random', schedules: 10_000, seed: 1 },
  { strategy: 'pct', schedules: 10_000, seed: 1 },
  { strategy: 'exhaustive', preemptions: 2, schedules: 50_000 },
]
const fixed = builtinIds().filter((id) => id.endsWith('-fixed'))

const control = {
  confined: confinedCalls(),
  now: () => 0,
  cancelled: () => false,
  pause: async () => {},
  progress: () => {},
}

describe.each(fixed)('%s', (id) => {
  it.each(SEARCHES.map((s) => [s.strategy!, s] as const))(
    'is silent in the %s search',
    async (_strategy, options) => {
      const run = scheduleRunner(compile(readBuiltin(id)), sandbox(), options)
      const shard = await exploreShard(run, options, control)
      expect(shard.findings.map((f) => f.finding.report.join('\n'))).toEqual([])
      expect(shard.complete || shard.schedules === options.schedules).toBe(true)
    },
  )
})
