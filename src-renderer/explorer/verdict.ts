import type { ExploreResult, FailureWalk } from '../../src-sim/protocol'
import { formatCount, plural } from '../workbench/format'

/** What an exploration proved, and what it did not, in one or two sentences. */
export function verdict(result: ExploreResult, cancelled: boolean): string {
  const tried = `${plural(result.schedules, 'schedule')}, ${plural(result.distinct, 'different interleaving')}`
  const found =
    result.findings.length === 0
      ? 'No mistake was met.'
      : `${plural(result.findings.length, 'mistake was', 'different mistakes were')} met.`
  if (result.complete) {
    return `Complete: ${tried}. ${found} No schedule within the bound is left.`
  }
  const why = cancelled ? 'Stopped by you' : 'Not complete'
  return `${why}: ${tried}. ${found} Other schedules exist that were not tried.`
}

/** What refusing one call after the other showed. */
export function failuresVerdict(walk: FailureWalk, bad: number, stopped: boolean): string {
  const count = walk.failures.length
  if (stopped) return `Stopped by you: ${formatCount(count)} calls failed, ${formatCount(bad)} badly.`
  if (count === 0) return 'No call of this lab can fail.'
  const calls = walk.complete
    ? `${plural(count, 'call')} can fail, and each did once.`
    : `The first ${formatCount(count)} calls failed once each; more of them can.`
  if (bad === 0 && walk.baseline.length > 0)
    return `${calls} None adds a finding to those of the run without a failure.`
  if (bad === 0) return `${calls} The driver survives every one of them.`
  return `${calls} ${plural(bad, 'failure leads', 'failures lead')} to findings.`
}
