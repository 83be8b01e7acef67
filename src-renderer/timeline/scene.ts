import { POINTS_HEIGHT, rowsBetween, TRACK_HEIGHT, tracksOf, type LaneLayout, type LaneRow } from './lane-layout'
import type { PreparedLane } from './prepared'
import type { Renderer } from './renderer'
import { timeToX, type TimeView } from './time-scale'

export const LANE_TOP = 2

export interface SceneInput {
  readonly layout: LaneLayout
  readonly view: TimeView
  readonly widthPx: number
  readonly heightPx: number
  readonly scrollTop: number
  readonly scale: number
  readonly laneData: (id: number) => PreparedLane | undefined
}

/** Draws what of the lanes is in view. */
export function drawScene(renderer: Renderer, input: SceneInput): void {
  const { layout, scrollTop, heightPx } = input
  renderer.begin(input.view)
  for (const row of rowsBetween(layout.rows, scrollTop, scrollTop + heightPx)) {
    if (row.row === 'lane') drawLane(renderer, input, row)
  }
  renderer.end()
}

function drawLane(renderer: Renderer, input: SceneInput, row: LaneRow): void {
  const y = row.y - input.scrollTop
  const lane = input.laneData(row.lane.id)
  if (!lane) {
    renderer.drawPending(0, input.widthPx, y, row.height)
    return
  }
  const { scale } = input
  const track = TRACK_HEIGHT * scale
  const tracks = tracksOf(row.lane)
  let top = y + LANE_TOP
  for (let depth = 0; depth < tracks; depth++) {
    renderer.drawSpans(lane, depth, Math.round(top), Math.round(track) - 1)
    top += track
  }
  renderer.drawMarkers(lane, Math.round(top), Math.round(POINTS_HEIGHT * scale) - 1)
  pendingSides(renderer, input, lane, y, row.height)
}

/** Outside of what was read, the lane is not empty but unknown. */
function pendingSides(renderer: Renderer, input: SceneInput, lane: PreparedLane, y: number, height: number): void {
  const { view, widthPx } = input
  if (lane.fromNs > Math.max(0, view.fromNs)) {
    renderer.drawPending(0, Math.min(widthPx, timeToX(view, widthPx, lane.fromNs)), y, height)
  }
  if (lane.toNs < view.toNs) {
    renderer.drawPending(Math.max(0, timeToX(view, widthPx, lane.toNs)), widthPx, y, height)
  }
}

/** What of a lane is at a height below its top: a row of bars, or the strip of single events. */
export function partAt(row: LaneRow, y: number, scale: number): { depth: number } | 'points' {
  const depth = Math.floor((y - LANE_TOP) / (TRACK_HEIGHT * scale))
  return depth >= 0 && depth < tracksOf(row.lane) ? { depth } : 'points'
}

