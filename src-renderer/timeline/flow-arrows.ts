import type { Finding } from '../../src-sim/protocol'
import type { LaneInfo, WindowFlows } from '../../src-sim/trace/types'
import type { LaneLayout } from './lane-layout'
import type { Arrows } from './renderer'
import { timeToX, type TimeView } from './time-scale'

const ARROWS_MAX = 400

export interface Placing {
  readonly layout: LaneLayout
  readonly view: TimeView
  readonly widthPx: number
  /** Height at which the first row is drawn: minus what was scrolled away. */
  readonly top: number
}

/** True when the sorted list has the value. */
export function has(sorted: Uint32Array, value: number): boolean {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (sorted[middle]! < value) low = middle + 1
    else high = middle
  }
  return sorted[low] === value
}

/** The arrows of the selected object, or all of them when `history` is null. */
export function arrowsOf(flows: WindowFlows, fromNs: number, history: Uint32Array | null, at: Placing): Arrows {
  const points: number[] = []
  const n = flows.fromTimes.length
  for (let i = 0; i < n && points.length < ARROWS_MAX * 4; i++) {
    if (history && !(has(history, flows.fromEvents[i]!) && has(history, flows.toEvents[i]!))) continue
    const y0 = yOf(flows.fromLanes[i]!, at)
    const y1 = yOf(flows.toLanes[i]!, at)
    if (y0 === null || y1 === null) continue
    const x0 = timeToX(at.view, at.widthPx, flows.fromTimes[i]! + fromNs)
    const x1 = timeToX(at.view, at.widthPx, flows.toTimes[i]! + fromNs)
    if (Math.max(x0, x1) < 0 || Math.min(x0, x1) > at.widthPx) continue
    points.push(x0, y0, x1, y1)
  }
  return { count: points.length / 4, points: Float32Array.from(points) }
}

/** Allocated, then freed, then used: each stack of a finding joined to the next in time. */
export function findingArrows(finding: Finding, lanes: readonly LaneInfo[], at: Placing): Arrows {
  const stops = [...finding.stacks].sort((a, b) => a.step - b.step || a.timeNs - b.timeNs)
  const points: number[] = []
  for (let i = 1; i < stops.length; i++) {
    const [from, to] = [stops[i - 1]!, stops[i]!]
    const y0 = yOf(laneNamed(from, lanes), at)
    const y1 = yOf(laneNamed(to, lanes), at)
    if (y0 === null || y1 === null) continue
    points.push(
      timeToX(at.view, at.widthPx, from.timeNs), y0, timeToX(at.view, at.widthPx, to.timeNs), y1,
    )
  }
  return { count: points.length / 4, points: Float32Array.from(points) }
}

/** The lane of the context, else of its CPU. */
function laneNamed(stack: { context: string; cpu: number }, lanes: readonly LaneInfo[]): number {
  const lane =
    lanes.find((one) => one.kind === 'context' && one.name === stack.context) ??
    lanes.find((one) => one.subject === -(stack.cpu + 1))
  return lane?.id ?? -1
}

function yOf(lane: number, at: Placing): number | null {
  const row = at.layout.byLane.get(lane)
  return row ? at.top + row.y + Math.min(row.height / 2, 10) : null
}
