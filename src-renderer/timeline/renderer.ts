import type { Palette } from './palette'
import type { PreparedLane } from './prepared'
import type { TimeView } from './time-scale'

export interface ArrowStyle {
  readonly colour: string
  readonly dashed: boolean
}

/** Arrows between two points of the picture, four numbers each: x and y of both ends. */
export interface Arrows {
  readonly count: number
  readonly points: Float32Array
}

/**
 * Draws lanes. Everything comes as typed arrays in nanoseconds or pixels; what is drawn between
 * `begin` and `end` is one picture. Sizes are CSS pixels.
 */
export interface Renderer {
  resize(widthPx: number, heightPx: number, ratio: number): void
  setPalette(palette: Palette): void
  begin(view: TimeView): void
  /** One row of bars. */
  drawSpans(lane: PreparedLane, depth: number, y: number, height: number): void
  /** The single events of a lane. */
  drawMarkers(lane: PreparedLane, y: number, height: number): void
  /** A step line over the width: one value in 0..1 for each column. */
  drawSteps(values: Float32Array, y: number, height: number, colour: string): void
  /** A stretch of a lane of which nothing is known yet. */
  drawPending(fromPx: number, toPx: number, y: number, height: number): void
  end(): void
}
