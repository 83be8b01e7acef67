import { createBirpc } from 'birpc'
import type {
  ExploreOptions,
  ExploreProgress,
  ExploreResult,
  KernelApi,
  KernelEvents,
  RunOptions,
  StrategyName,
} from '../protocol'
import {
  exploreShard,
  mergeShards,
  progressOf,
  type ExploreControl,
  type ShardResult,
} from '../explorer/explore'
import { Coverage, coverageOf } from '../explorer/coverage'
import type { RunSchedule } from '../explorer/outcome'
import type { RecordedChoice } from '../engine/transition'
import { shrink } from '../explorer/shrink'
import type { Sandbox } from '../sandbox'
import { watchLoops } from './black-box'
import { boot } from './boot'
import { confinedCalls } from './confined-calls'
import type { KernelHost } from './kernel-worker'
import type { LabProgram } from './program'
import { concludeRun } from './run'

/** A schedule that is still going after this many steps is cut off. */
const SCHEDULE_STEPS_MAX = 100_000

/** Runs one schedule of a lab from power-on to its end. */
export function scheduleRunner(
  program: LabProgram,
  sandbox: Sandbox,
  run: RunOptions,
  coverage?: Coverage,
  blackBox?: Int32Array,
): RunSchedule {
  return (strategy, recordKeys) => {
    const booted = boot(program, sandbox, {
      strategy,
      run,
      traced: false,
      recordKeys,
      stepsMax: SCHEDULE_STEPS_MAX,
    })
    const { machine } = booted
    watchLoops(machine, blackBox)
    coverage?.beginSchedule()
    if (coverage) machine.observer.step = (transition) => coverage.step(transition)
    machine.run()
    concludeRun(booted)
    const { findings, choices, steps, stop } = machine
    machine.dismantle()
    return { findings, choices, steps, stop, hash: hashOf(choices) }
  }
}

/** What all schedules of an exploration have in common. */
const runOf = ({ seed, kcsan, params }: ExploreOptions): RunOptions => ({
  seed: seed ?? 0,
  kcsan: kcsan ?? false,
  params,
})

/** 53 bits, so that a million different schedules hardly ever count as fewer. */
function hashOf(choices: readonly RecordedChoice[]): number {
  let low = 0
  let high = 0x811c9dc5
  for (const { index, of } of choices) {
    low = (Math.imul(low ^ index, 0x01000193) + of) >>> 0
    high = (Math.imul(high ^ (of * 31 + index), 0x85ebca6b) ^ (high >>> 13)) >>> 0
  }
  return (high >>> 11) * 0x100000000 + low
}

export async function exploreHere(
  program: LabProgram,
  sandbox: Sandbox,
  options: ExploreOptions,
  host: KernelHost,
  control: Partial<ExploreControl> = {},
): Promise<ShardResult> {
  const coverage = new Coverage()
  const run = scheduleRunner(program, sandbox, runOf(options), coverage, host.blackBox)
  const shard = await exploreShard(run, options, {
    confined: confinedCalls(),
    now: () => host.now(),
    cancelled: () => false,
    pause: () => host.pause(),
    progress: () => {},
    ...control,
  })
  return { ...shard, coverage: coverage.share() }
}

/**
 * Explores on as many workers as asked for. A search that must know what it has tried runs on
 * this one; schedules that are drawn by number are dealt out.
 */
export async function exploreInWorkers(
  program: LabProgram,
  sandbox: Sandbox,
  options: ExploreOptions,
  host: KernelHost,
  tell: (progress: ExploreProgress) => void,
  cancelled: () => boolean,
): Promise<ExploreResult> {
  const started = host.now()
  const total = options.schedules ?? 1000
  const outer = options.shard ?? { index: 0, of: 1 }
  const searching = options.strategy === 'exhaustive'
  const jobs = searching || total < 200 ? 1 : Math.max(1, options.jobs ?? host.cores)
  const counts = Array.from({ length: jobs }, () => ({ schedules: 0, findings: 0, distinct: 0 }))
  let lastTold = 0
  const note = (job: number, schedules: number, findings: number, distinct: number): void => {
    counts[job] = { schedules, findings, distinct }
    const now = host.now()
    if (now - lastTold < 100) return
    lastTold = now
    const sum = (k: 'schedules' | 'distinct'): number => counts.reduce((n, c) => n + c[k], 0)
    const most = Math.max(...counts.map((c) => c.findings))
    const share = Math.ceil(total / outer.of)
    tell(progressOf(sum('schedules'), share, sum('distinct'), most, now - started, options.seconds))
  }
  const remotes: { close(): void }[] = []
  const shardOf = (job: number): ExploreOptions => ({
    ...options,
    shard: { index: outer.index + outer.of * job, of: outer.of * jobs },
  })
  try {
    const shards = await Promise.all(
      counts.map((_, job) => {
        if (job === 0)
          return exploreHere(program, sandbox, shardOf(0), host, {
            cancelled,
            progress: (s, f, d) => note(0, s, f, d),
          })
        return remoteShard(program, shardOf(job), host, remotes, (p) =>
          note(job, p.schedules, p.findings, p.distinct),
        )
      }),
    )
    return finish(program, sandbox, options, mergeShards(shards), (host.now() - started) / 1000)
  } finally {
    for (const remote of remotes) remote.close()
  }
}

function remoteShard(
  program: LabProgram,
  options: ExploreOptions,
  host: KernelHost,
  remotes: { close(): void }[],
  progress: (p: ExploreProgress) => void,
): Promise<ShardResult> {
  const connection = host.spawn()
  remotes.push(connection)
  const rpc = createBirpc<KernelApi, KernelEvents>(
    { status: () => {}, exploreProgress: progress, compareProgress: () => {} },
    {
      post: (message) => connection.post(message),
      on: (listener) => void connection.onMessage(listener),
      timeout: -1,
    },
  )
  return new Promise((done, failed) => {
    connection.onClose((reason) => failed(new Error(reason)))
    rpc.exploreShard(program.lab, options).then((shard) => done(shard as ShardResult), failed)
  })
}

/** Shortens the first failing schedule and puts the answer into words the protocol knows. */
function finish(
  program: LabProgram,
  sandbox: Sandbox,
  options: ExploreOptions,
  merged: ShardResult,
  seconds: number,
): ExploreResult {
  const first = merged.findings[0]
  if (first && options.shrink !== false) {
    const run = scheduleRunner(program, sandbox, runOf(options))
    const short = shrink(run, first.choices, first.finding.signature)
    if (short) {
      first.choices = short.choices
      first.finding = short.findings.find((f) => f.signature === first.finding.signature)!
    }
  }
  return {
    lab: program.lab.id,
    seed: options.seed ?? 0,
    strategy: (options.strategy ?? 'random') as StrategyName,
    schedules: merged.schedules,
    distinct: merged.hashes.length,
    complete: merged.complete,
    coverage: coverageOf([merged.coverage]),
    findings: merged.findings.map(({ finding, schedule, seed, count, choices }) => ({
      finding,
      schedule,
      seed,
      count,
      choices,
    })),
    first: first ? { schedule: first.schedule, seed: first.seed, choices: first.choices } : null,
    seconds,
  }
}
