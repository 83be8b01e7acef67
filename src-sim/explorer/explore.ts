import { hashText } from '../base/random'
import type { ConfinedCalls } from '../engine/footprint'
import { makeStrategy } from '../engine/strategies'
import type { Strategy } from '../engine/strategy'
import type { ExploreFinding, ExploreOptions, ExploreProgress, StrategyName } from '../protocol/run'
import type { Profile } from '../engine/strategies/profile'
import type { CoverageShare } from './coverage'
import { ReducedSearch } from './dpor/search'
import type { RunSchedule, ScheduleOutcome } from './outcome'
import { learnProfile } from './profile'

/** What one worker found out about its share of the schedules. Plain data. */
export interface ShardResult {
  /** Schedules run, and which hashes they had. */
  schedules: number
  hashes: number[]
  complete: boolean
  /** First sighting of each mistake, by signature. */
  findings: (ExploreFinding & { steps: number })[]
  coverage: CoverageShare
}

/** Strategies that draw better schedules when they know the lab. */
const LEARNING: readonly StrategyName[] = ['urw', 'pct']

export interface ExploreControl {
  /** What is known of the functions that the lab calls. */
  confined: ConfinedCalls
  /** Milliseconds. */
  now(): number
  cancelled(): boolean
  /** Lets messages in; called now and then. */
  pause(): Promise<void>
  progress(schedules: number, findings: number, distinct: number): void
}

/** Seed of the i-th schedule: depends on nothing else, so that any worker can run any schedule. */
export function seedOf(seed: number, schedule: number): number {
  return hashText(`${seed}/${schedule}`)
}

/**
 * Runs this worker's share: schedule numbers that are `shard.index` modulo `shard.of`. Searches
 * are shared out by their first choices, random strategies by number.
 */
export async function exploreShard(
  run: RunSchedule,
  options: ExploreOptions,
  control: ExploreControl,
): Promise<ShardResult> {
  const total = options.schedules ?? 1000
  const { index, of } = options.shard ?? { index: 0, of: 1 }
  const name = (options.strategy ?? 'random') as StrategyName
  const end = options.seconds === undefined ? Infinity : control.now() + options.seconds * 1000
  const shard: ShardResult = {
    schedules: 0,
    hashes: [],
    complete: false,
    findings: [],
    coverage: { operations: [], orders: [] },
  }
  const hashes = new Set<number>()
  const seen = new Map<string, ExploreFinding & { steps: number }>()
  const search =
    name === 'exhaustive' ? searchFor(options, control.confined) : null
  const profile = LEARNING.includes(name) ? learnProfile(run, options.seed ?? 0) : undefined
  let nextPause = control.now() + 50
  let schedule = index
  while (schedule < total) {
    const strategy = search ? search.strategy() : strategyFor(name, options, schedule, profile)
    const outcome = run(strategy, false)
    if (search === null || search.mine) {
      shard.schedules++
      hashes.add(outcome.hash)
      note(seen, outcome, schedule, options)
      schedule += of
    }
    search?.advance()
    if (search?.complete) break
    if (options.stopAtFirst && seen.size > 0) break
    const now = control.now()
    if (now < nextPause) continue
    nextPause = now + 50
    control.progress(shard.schedules, seen.size, hashes.size)
    await control.pause()
    if (control.cancelled() || now > end) break
  }
  shard.complete = search?.complete ?? false
  shard.hashes = [...hashes]
  shard.findings = [...seen.values()]
  return shard
}

function searchFor(options: ExploreOptions, confined: ConfinedCalls): ReducedSearch {
  return new ReducedSearch(options.preemptions ?? 2, confined, options.shard)
}

function strategyFor(
  name: StrategyName,
  options: ExploreOptions,
  schedule: number,
  profile?: Profile,
): Strategy {
  return makeStrategy(name, {
    seed: seedOf(options.seed ?? 0, schedule),
    preemptions: options.preemptions ?? 2,
    choices: [],
    ...(profile ? { profile } : {}),
  })
}

function note(
  seen: Map<string, ExploreFinding & { steps: number }>,
  outcome: ScheduleOutcome,
  schedule: number,
  options: ExploreOptions,
): void {
  for (const finding of outcome.findings) {
    const known = seen.get(finding.signature)
    if (known) {
      known.count++
      continue
    }
    seen.set(finding.signature, {
      finding,
      schedule,
      seed: seedOf(options.seed ?? 0, schedule),
      count: 1,
      choices: outcome.choices.map((c) => ({ ...c })),
      steps: outcome.steps,
    })
  }
}

/** Puts shards together; the outcome does not depend on how many there were. */
export function mergeShards(shards: ShardResult[]): ShardResult {
  const findings = new Map<string, ExploreFinding & { steps: number }>()
  const hashes = new Set<number>()
  for (const shard of shards) {
    for (const hash of shard.hashes) hashes.add(hash)
    for (const f of shard.findings) {
      const known = findings.get(f.finding.signature)
      if (!known) findings.set(f.finding.signature, { ...f })
      else {
        const count = known.count + f.count
        findings.set(f.finding.signature, { ...(f.schedule < known.schedule ? f : known), count })
      }
    }
  }
  return {
    schedules: shards.reduce((n, s) => n + s.schedules, 0),
    hashes: [...hashes],
    complete: shards.length > 0 && shards.every((s) => s.complete),
    findings: [...findings.values()].sort((a, b) => a.schedule - b.schedule),
    coverage: {
      operations: shards.flatMap((s) => s.coverage.operations),
      orders: shards.flatMap((s) => s.coverage.orders),
    },
  }
}

export function progressOf(
  schedules: number,
  total: number,
  distinct: number,
  findings: number,
  elapsedMs: number,
  limitSeconds: number | undefined,
): ExploreProgress {
  const rate = elapsedMs > 0 ? (schedules * 1000) / elapsedMs : 0
  const bySchedules = rate > 0 ? (total - schedules) / rate : null
  const byTime = limitSeconds === undefined ? Infinity : limitSeconds - elapsedMs / 1000
  return {
    schedules,
    total,
    schedulesPerSecond: rate,
    distinct,
    findings,
    secondsLeft: bySchedules === null ? null : Math.max(0, Math.min(bySchedules, byTime)),
  }
}
