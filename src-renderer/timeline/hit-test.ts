import { upperBound, type PreparedLane } from './prepared'

export type Hit =
  | { readonly part: 'span'; readonly index: number; readonly event: number; readonly count: number }
  | { readonly part: 'point'; readonly index: number; readonly event: number; readonly count: number }

/** The span of row `depth` at a time, or the nearest one within `slackNs`. */
export function spanAt(lane: PreparedLane, depth: number, ns: number, slackNs: number): Hit | null {
  const { starts, ends, events, counts } = lane.window
  const first = lane.offsets[depth]
  const last = lane.offsets[depth + 1]
  if (first === undefined || last === undefined) return null
  const t = ns - lane.fromNs
  const at = upperBound(starts, t, first, last) - 1
  let best = -1
  let distance = slackNs
  for (let i = Math.max(first, at - 1); i <= Math.min(last - 1, at + 1); i++) {
    const away = t < starts[i]! ? starts[i]! - t : t > ends[i]! ? t - ends[i]! : 0
    if (away < distance || (away === 0 && best < 0)) {
      best = i
      distance = away
    } else if (away === 0) best = i
  }
  if (best < 0) return null
  return { part: 'span', index: best, event: events[best]!, count: counts[best]! }
}

/** The single event nearest to a time, within `slackNs`. */
export function pointAt(lane: PreparedLane, ns: number, slackNs: number): Hit | null {
  const { pointTimes, pointEvents, pointCounts } = lane.window
  const t = ns - lane.fromNs
  const at = upperBound(pointTimes, t, 0, pointTimes.length)
  let best = -1
  let distance = slackNs
  for (const i of [at - 1, at]) {
    const time = pointTimes[i]
    if (time === undefined || Math.abs(time - t) > distance) continue
    best = i
    distance = Math.abs(time - t)
  }
  if (best < 0) return null
  return { part: 'point', index: best, event: pointEvents[best]!, count: pointCounts[best]! }
}

/** The nearest edge of a span or event within `slackNs`, for a cursor that snaps; else `ns`. */
export function snap(lane: PreparedLane, depth: number, ns: number, slackNs: number): number {
  let best = ns
  let distance = slackNs
  const near = (time: number): void => {
    const away = Math.abs(time + lane.fromNs - ns)
    if (away >= distance) return
    best = time + lane.fromNs
    distance = away
  }
  const span = spanAt(lane, depth, ns, slackNs)
  if (span) {
    near(lane.window.starts[span.index]!)
    near(lane.window.ends[span.index]!)
  }
  const point = pointAt(lane, ns, slackNs)
  if (point) near(lane.window.pointTimes[point.index]!)
  return best
}
