import { upperBound, type PreparedLane } from './prepared'
import type { TimeView } from './time-scale'

/** What is drawn over a bar: it was wide enough for at least a few letters. */
export interface WideSpans {
  count: number
  readonly index: Int32Array
  readonly x: Float32Array
  readonly width: Float32Array
}

export const WIDE_MAX = 600

export function wideSpans(): WideSpans {
  return {
    count: 0, index: new Int32Array(WIDE_MAX), x: new Float32Array(WIDE_MAX), width: new Float32Array(WIDE_MAX),
  }
}

/**
 * Paints one row of spans into one line of a picture, a column a pixel. This is what keeps dense
 * views cheap: the cost is the spans that are in view, and the canvas only stretches the lines.
 */
export function paintSpans(
  lane: PreparedLane, depth: number, view: TimeView, widthPx: number,
  fill: Uint32Array, edge: Uint32Array, out: Uint32Array, base: number, widePx: number, wide: WideSpans,
): void {
  wide.count = 0
  const first = lane.offsets[depth]
  const last = lane.offsets[depth + 1]
  if (first === undefined || last === undefined) return
  const { starts, ends } = lane.window
  const scale = widthPx / (view.toNs - view.fromNs)
  const shift = lane.fromNs - view.fromNs
  const endNs = view.toNs - lane.fromNs
  let i = Math.max(first, upperBound(starts, view.fromNs - lane.fromNs, first, last) - 1)
  for (; i < last && starts[i]! < endNs; i++) {
    const x0 = (starts[i]! + shift) * scale
    const x1 = (ends[i]! + shift) * scale
    if (x1 < 0) continue
    const from = Math.max(0, Math.floor(x0))
    const to = Math.min(widthPx, Math.max(from + 1, Math.round(x1)))
    const style = lane.styles[i]!
    out.fill(fill[style]!, base + from, base + to)
    if (x0 >= 0 && to - from > 2) out[base + from] = edge[style]!
    if (to - from >= widePx && wide.count < WIDE_MAX) {
      wide.index[wide.count] = i
      wide.x[wide.count] = from
      wide.width[wide.count++] = to - from
    }
  }
}

/** Paints single events the same way. Lone ones are collected, to be drawn with their shape. */
export function paintPoints(
  lane: PreparedLane, view: TimeView, widthPx: number, colours: Uint32Array,
  out: Uint32Array, base: number, gapPx: number, lone: WideSpans,
): void {
  lone.count = 0
  const { pointTimes, pointCategories } = lane.window
  const n = pointTimes.length
  const scale = widthPx / (view.toNs - view.fromNs)
  const shift = lane.fromNs - view.fromNs
  const endNs = view.toNs - lane.fromNs
  let i = upperBound(pointTimes, view.fromNs - lane.fromNs, 0, n)
  let before = i > 0 ? (pointTimes[i - 1]! + shift) * scale : -Infinity
  for (; i < n && pointTimes[i]! < endNs; i++) {
    const x = (pointTimes[i]! + shift) * scale
    const after = i + 1 < n ? (pointTimes[i + 1]! + shift) * scale : Infinity
    if (x - before >= gapPx && after - x >= gapPx && lone.count < WIDE_MAX) {
      lone.index[lone.count] = i
      lone.x[lone.count++] = x
    } else if (x >= 0 && x < widthPx) out[base + Math.floor(x)] = colours[pointCategories[i]!]!
    before = x
  }
}
