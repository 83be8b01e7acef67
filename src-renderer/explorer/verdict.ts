import type { ExploreResult } from '../../src-sim/protocol'
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
export function failuresVerdict(runs: number, bad: number, stopped: boolean): string {
  if (stopped) return `Stopped by you after ${plural(runs, 'run')}, ${formatCount(bad)} of them bad.`
  if (runs === 0) return 'No call of this lab can fail.'
  const calls = `${plural(runs, 'call')} can fail, and each did once.`
  if (bad === 0) return `${calls} The driver survives every one of them.`
  return `${calls} ${plural(bad, 'failure leads', 'failures lead')} to findings.`
}
