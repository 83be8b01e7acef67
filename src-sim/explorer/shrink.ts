import type { Strategy } from '../engine/strategy'
import type { RecordedChoice } from '../engine/transition'
import type { RunSchedule, ScheduleOutcome } from './outcome'

/**
 * Makes a failing schedule as calm as it can be: choice after choice is set back to "go on", in
 * ever smaller groups, and kept so as long as the same mistake (by signature) still shows. The
 * answer is the full recording of the calmest schedule found: given enough attempts, setting any
 * single choice of it back loses the mistake.
 */
export function shrink(
  run: RunSchedule,
  choices: readonly RecordedChoice[],
  signature: string,
  attemptsMax = 400,
): ScheduleOutcome | null {
  let picks = trim(choices.map((c) => c.index))
  let attempts = 0
  const shows = (candidate: number[]): boolean => {
    attempts++
    const outcome = run(following(candidate), false)
    return outcome.findings.some((f) => f.signature === signature)
  }
  if (!shows(picks)) return null
  for (let size = Math.max(1, picks.length >> 1); attempts < attemptsMax; ) {
    let calmer = false
    for (let from = 0; from < picks.length && attempts < attemptsMax; from += size) {
      if (!picks.slice(from, from + size).some((p) => p !== 0)) continue
      const candidate = trim(picks.map((p, i) => (i >= from && i < from + size ? 0 : p)))
      if (!shows(candidate)) continue
      picks = candidate
      calmer = true
    }
    if (size > 1) size >>= 1
    else if (!calmer) break
  }
  return run(following(picks), true)
}

/** Calm choices at the end need not be written down. */
function trim(picks: number[]): number[] {
  let length = picks.length
  while (length > 0 && picks[length - 1] === 0) length--
  return picks.slice(0, length)
}

/** Follows indices, then stays calm. */
export function following(picks: readonly number[]): Strategy {
  let at = 0
  return {
    name: 'replay',
    timed: false,
    pick: (_enabled, count) => Math.min(picks[at++] ?? 0, count - 1),
  }
}
