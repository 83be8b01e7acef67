import * as v from 'valibot'
import type { Finding } from '../engine/finding'

export const STRATEGIES = ['fair', 'random', 'urw', 'pct', 'pos', 'exhaustive', 'replay'] as const
export type StrategyName = (typeof STRATEGIES)[number]

/** One recorded decision: how many transitions were enabled, which was taken, and what it means. */
export const Choice = v.object({
  /** Index of the taken transition among the enabled ones. */
  index: v.number(),
  /** How many were enabled. */
  of: v.number(),
  /** Meaning: context, operation, object and occurrence; survives edits of the lab. */
  key: v.string(),
})
export type Choice = v.InferOutput<typeof Choice>

export const RunOptions = v.object({
  seed: v.optional(v.number(), 0),
  strategy: v.optional(v.picklist(STRATEGIES), 'fair'),
  /** For `replay`. */
  choices: v.optional(v.array(Choice)),
  /** Stop at this virtual time. */
  untilNs: v.optional(v.number()),
  stepsMax: v.optional(v.number()),
  /** Watch plain accesses for data races. */
  kcsan: v.optional(v.boolean(), false),
  /** Make the Nth call that can fail do so (1 = first; 0: none). */
  fail: v.optional(v.number()),
  /** Bound on preemptions, for `exhaustive` and `pct`. */
  preemptions: v.optional(v.number(), 2),
  /** Values for the parameters that `lab.json` declares. */
  params: v.optional(v.record(v.string(), v.string())),
})
export type RunOptions = v.InferInput<typeof RunOptions>

/** Why a run is not going on. */
export type StopReason =
  | 'finished' // the scenario ended and everything came to rest
  | 'deadlock' // nothing can run any more
  | 'panic'
  | 'until' // reached `untilNs` or `stepsMax`
  | 'paused'
  | 'breakpoint'
  | 'stopped'
  | 'crashed' // the kernel worker ended (out of memory, endless recursion in a device model ...)

export interface RunResult {
  lab: string
  seed: number
  strategy: StrategyName
  steps: number
  virtualNs: number
  traceHash: string
  dmesg: string[]
  findings: Finding[]
  result: StopReason
  /** One sentence for a person. */
  resultText: string
  /** The decisions of this run, for `replay`. */
  choices: Choice[]
}

export const ExploreOptions = v.object({
  strategy: v.optional(v.picklist(STRATEGIES), 'random'),
  schedules: v.optional(v.number(), 1000),
  seconds: v.optional(v.number()),
  preemptions: v.optional(v.number(), 2),
  seed: v.optional(v.number(), 0),
  jobs: v.optional(v.number()),
  /** Explore only the schedules whose number modulo `of` is `index`. */
  shard: v.optional(v.object({ index: v.number(), of: v.number() })),
  kcsan: v.optional(v.boolean(), false),
  /** Keep going after the first finding (default) or stop there. */
  stopAtFirst: v.optional(v.boolean(), false),
  /** Shorten the first failing schedule (default true). */
  shrink: v.optional(v.boolean(), true),
  /** Values for the parameters that `lab.json` declares. */
  params: v.optional(v.record(v.string(), v.string())),
})
export type ExploreOptions = v.InferInput<typeof ExploreOptions>

export interface ExploreProgress {
  schedules: number
  total: number
  schedulesPerSecond: number
  distinct: number
  findings: number
  secondsLeft: number | null
}

export interface ExploreFinding {
  finding: Finding
  /** Number of the first schedule that showed it, counted from 0. */
  schedule: number
  seed: number
  /** How many schedules showed it. */
  count: number
  choices: Choice[]
}

export interface ExploreResult {
  lab: string
  seed: number
  strategy: StrategyName
  schedules: number
  /** Different interleavings among them. */
  distinct: number
  /** The strategy ran to its end: no schedule within its bounds is left. */
  complete: boolean
  coverage: { operations: number; pairs: number }
  findings: ExploreFinding[]
  first: { schedule: number; seed: number; choices: Choice[] } | null
  /** Wall-clock seconds, measured by the host; not part of the result's identity. */
  seconds: number
}
