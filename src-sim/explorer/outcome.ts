import type { Finding } from '../engine/finding'
import type { StopReason } from '../engine/machine'
import type { Strategy } from '../engine/strategy'
import type { RecordedChoice } from '../engine/transition'

/** What one schedule led to. Plain data apart from nothing: it travels between workers. */
export interface ScheduleOutcome {
  findings: Finding[]
  choices: RecordedChoice[]
  steps: number
  stop: StopReason | null
  /** Of the interleaving: two schedules with the same hash did the same things in the same order. */
  hash: number
}

/** Runs the lab once from the beginning under a strategy. Given by the lab layer. */
export type RunSchedule = (strategy: Strategy, recordKeys: boolean) => ScheduleOutcome
