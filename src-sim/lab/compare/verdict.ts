import type { Finding } from '../../engine/finding'
import type { StopReason } from '../../engine/machine'
import { VERDICTS, type Verdict } from '../../protocol'

/** Somebody waits, or runs round in circles, and nobody will ever end it. */
const HANGS = /^(deadlock|hung-task|soft-lockup|rcu\.stall|workqueue\.lockup)/
const LEAKS = /^leak\./

/** What one finding means for the question of a comparison: what was still used, or never let go? */
export const verdictOf = ({ kind }: Finding): Verdict =>
  HANGS.test(kind) ? 'hang' : LEAKS.test(kind) ? 'leak' : 'finding'

export const isWorse = (a: Verdict, b: Verdict): boolean =>
  VERDICTS.indexOf(a) < VERDICTS.indexOf(b)

export interface Judgement {
  verdict: Verdict
  /** The first finding of that kind; null when safe, or when the run merely did not end. */
  finding: Finding | null
}

/** A run is as bad as the worst thing in it. A run that did not end hangs. */
export function judge(findings: readonly Finding[], stop: StopReason | null): Judgement {
  let worst: Judgement = { verdict: stop === 'finished' ? 'safe' : 'hang', finding: null }
  for (const finding of findings) {
    const verdict = verdictOf(finding)
    if (isWorse(verdict, worst.verdict)) worst = { verdict, finding }
    else if (verdict === worst.verdict) worst.finding ??= finding
  }
  return worst
}
