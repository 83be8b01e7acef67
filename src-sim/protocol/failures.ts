import type { Finding } from '../engine/finding'
import type { StopReason } from './run'

/** What became of a run in which one call was made to fail. */
export interface FailureOutcome {
  /** The call, or null: the run has fewer calls that can fail. */
  failed: { call: string; file: string; line: number } | null
  findings: Finding[]
  result: StopReason
  /** One sentence for a person. */
  resultText: string
}

/** One run in which a call failed that otherwise would not have. */
export interface Failure {
  /** Which of the calls that can fail, from 1. */
  nth: number
  call: string
  file: string
  line: number
  result: StopReason
  resultText: string
  /** What this failure alone brought to light. */
  findings: Finding[]
  /** How many findings of this run are also there when nothing fails. */
  known: number
}

/** The walk over the error paths of a lab. */
export interface FailureWalk {
  /** What is wrong although every call succeeds. */
  baseline: Finding[]
  failures: Failure[]
  /** Whether every call that can fail did so once. */
  complete: boolean
}

/** A lab with more calls than this that can fail has a loop around one of them. */
export const FAILURES_MAX = 500

/**
 * Runs a lab without a failure and then once for each of its calls that can fail. `once` runs it
 * with the given call failing (0: none); `seen` hears of each step and ends the walk with `false`.
 */
export async function failEachCall(
  once: (nth: number) => Promise<FailureOutcome>,
  seen: (walk: FailureWalk) => boolean = () => true,
): Promise<FailureWalk> {
  const { findings: baseline } = await once(0)
  const known = new Set(baseline.map((finding) => finding.signature))
  let walk: FailureWalk = { baseline, failures: [], complete: false }
  for (let nth = 1; nth <= FAILURES_MAX && seen(walk); nth++) {
    const { failed, findings, result, resultText } = await once(nth)
    if (failed === null) return { ...walk, complete: true }
    const own = findings.filter((finding) => !known.has(finding.signature))
    const failure: Failure = {
      nth,
      ...failed,
      result,
      resultText,
      findings: own,
      known: findings.length - own.length,
    }
    walk = { ...walk, failures: [...walk.failures, failure] }
  }
  return walk
}
