import { describe, expect, it } from 'vitest'
import { makeStrategy } from '../../../src-sim/engine/strategies'
import { Coverage, coverageOf } from '../../../src-sim/explorer/coverage'
import { exploreShard, mergeShards, type ShardResult } from '../../../src-sim/explorer/explore'
import { following, shrink } from '../../../src-sim/explorer/shrink'
import type { ExploreOptions } from '../../../src-sim/protocol'
import { lostUpdate, runner } from './programs'

const control = {
  confined: new Map(),
  now: () => 0,
  cancelled: () => false,
  pause: async () => {},
  progress: () => {},
}

async function explore(options: ExploreOptions, jobs: number): Promise<ShardResult> {
  const shards = Array.from({ length: jobs }, (_, index) =>
    exploreShard(runner(lostUpdate), { ...options, shard: { index, of: jobs } }, control),
  )
  const merged = mergeShards(await Promise.all(shards))
  return { ...merged, hashes: merged.hashes.sort((a, b) => a - b) }
}

describe('exploring', () => {
  it.each(['random', 'urw', 'pct', 'pos'] as const)(
    'by %s gives the same answer on any number of workers',
    async (strategy) => {
      const options: ExploreOptions = { strategy, schedules: 101, seed: 5 }
      const one = await explore(options, 1)
      expect(one.schedules).toBe(101)
      expect(one.findings[0]!.count).toBeGreaterThan(1)
      for (const jobs of [2, 3, 7]) expect(await explore(options, jobs)).toEqual(one)
    },
  )

  it('ends by itself when a search is complete, and says so', async () => {
    const all = await explore({ strategy: 'exhaustive', preemptions: 1, schedules: 1e6 }, 1)
    expect(all.complete).toBe(true)
    expect(all.schedules).toBe(all.hashes.length)
    const some = await explore({ strategy: 'exhaustive', preemptions: 1, schedules: 3 }, 1)
    expect(some).toMatchObject({ complete: false, schedules: 3 })
  })

  it('stops where it is told to', async () => {
    let clock = 0
    const shard = await exploreShard(runner(lostUpdate), { schedules: 1e9 }, {
      ...control,
      now: () => (clock += 10),
      cancelled: () => clock > 500,
    })
    expect(shard.schedules).toBeLessThan(100)
  })
})

describe('shrinking', () => {
  const run = runner(lostUpdate)
  const failing = Array.from({ length: 200 }, (_, seed) =>
    run(makeStrategy('random', { seed, preemptions: 2, choices: [] }), false),
  ).filter((outcome) => outcome.findings.length > 0)

  it('answers a schedule that shows the same mistake and of which no switch can be spared', () => {
    expect(failing.length).toBeGreaterThan(10)
    for (const outcome of failing.slice(0, 20)) {
      const short = shrink(run, outcome.choices, 'test')!
      expect(short.findings.map((f) => f.signature)).toEqual(['test'])
      const picks = short.choices.map((c) => c.index)
      picks.forEach((pick, i) => {
        if (pick === 0) return
        const calmer = picks.map((p, k) => (k === i ? 0 : p))
        expect(run(following(calmer), false).findings).toEqual([])
      })
    }
  })

  it('keeps the meaning of each choice, so that the answer replays', () => {
    const short = shrink(run, failing[0]!.choices, 'test')!
    expect(short.choices.every((c) => c.key !== '')).toBe(true)
    const again = run(makeStrategy('replay', { seed: 0, preemptions: 0, choices: short.choices }), true)
    expect(again.choices).toEqual(short.choices)
    expect(again.findings).toHaveLength(1)
  })

  it('answers nothing when the mistake does not show again', () => {
    expect(shrink(run, failing[0]!.choices, 'another mistake')).toBeNull()
  })
})

describe('coverage', () => {
  const op = (name: string): object => Object.assign(() => {}, { $name: name })
  const [lock, read] = [op('lock'), op('read')]
  const exec = (): { operation: object | null; object: unknown } => ({ operation: null, object: null })

  it('counts operations, and pairs of them that met on one object in either order', () => {
    const coverage = new Coverage()
    const [a, b, thing] = [exec(), exec(), {}]
    const step = (who: typeof a, operation: object): void => {
      Object.assign(who, { operation, object: thing })
      coverage.step({ kind: 'step', exec: who } as never)
    }
    coverage.beginSchedule()
    step(a, lock)
    step(b, read)
    expect(coverageOf([coverage.share()])).toEqual({ operations: 2, pairs: 0 })
    coverage.beginSchedule()
    step(b, read)
    step(b, lock)
    step(a, read)
    expect(coverageOf([coverage.share()])).toEqual({ operations: 2, pairs: 0 })
    coverage.beginSchedule()
    step(b, read)
    step(a, lock)
    expect(coverageOf([coverage.share(), coverage.share()])).toEqual({ operations: 2, pairs: 1 })
  })
})
