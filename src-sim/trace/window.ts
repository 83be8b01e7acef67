import { CATEGORIES } from './declare'
import type { Labels } from './labels'
import type { TraceStore } from './store'
import { LabelIndex, PointColumns, SpanColumns } from './window-columns'
import { OPEN } from './timeline'
import type { Lane, Timeline, Track } from './timeline'
import { firstAtTime, timeOf } from './time-search'
import type { LaneWindow, WindowData, WindowFlows, WindowRequest } from './types'
import type { Words } from './words'

export const FLOWS_MAX = 2000
/** Wider than any screen; what is asked beyond it would only cost memory. */
const WIDTH_MAX_PX = 16_384

/**
 * Reduces lanes to what a screen can show. Spans (and points) of one row that start in the same
 * pixel become one: from the start of the first to the end of the last, with the event and label
 * of the longer of these two, and `counts` telling how many there are. All but the last are shorter
 * than a pixel, because spans of a row do not overlap. The search for the next pixel gallops, so
 * the cost depends on the pixels shown and hardly on the number of events.
 */
export class WindowReader {
  readonly #store: TraceStore
  readonly #timeline: Timeline
  readonly #labels: Labels
  readonly #categoryOfKind: Uint8Array
  #edges = new Uint32Array(0)
  readonly #spans = new SpanColumns()
  readonly #pointColumns = new PointColumns()

  constructor(store: TraceStore, timeline: Timeline, labels: Labels) {
    this.#store = store
    this.#timeline = timeline
    this.#labels = labels
    this.#categoryOfKind = Uint8Array.from(store.events, (e) => CATEGORIES.indexOf(e.category))
  }

  read(asked: WindowRequest): WindowData {
    const request = {
      ...asked,
      toNs: Math.max(asked.toNs, asked.fromNs + 1),
      widthPx: Math.min(WIDTH_MAX_PX, Math.max(1, Math.floor(asked.widthPx))),
    }
    this.#timeline.update()
    this.#findEdges(request)
    const strings = new LabelIndex(this.#labels)
    const lanes: LaneWindow[] = []
    for (const id of request.lanes) {
      const lane = this.#timeline.lanes[id]
      if (lane !== undefined) lanes.push(this.#lane(lane, request, strings))
    }
    return {
      fromNs: request.fromNs,
      toNs: request.toNs,
      lanes,
      strings: strings.list,
      flows: this.#flows(request),
    }
  }

  #lane(lane: Lane, request: WindowRequest, strings: LabelIndex): LaneWindow {
    const spans = this.#spans.clear()
    let depth = 0
    for (const track of lane.facets) this.#track(track, depth++, request, spans, strings)
    for (const track of lane.slices) this.#track(track, depth++, request, spans, strings)
    return { lane: lane.id, ...spans.columns(), ...this.#points(lane, request) }
  }

  #kindCategory(event: number): number {
    return this.#categoryOfKind[this.#kindOf(event)]!
  }

  #kindOf(event: number): number {
    return this.#store.chunks[event >> 16]!.kind[event & 0xffff]!
  }

  #time(event: number): number {
    return timeOf(this.#store, event)
  }

  #track(
    track: Track, depth: number, request: WindowRequest, out: SpanColumns, strings: LabelIndex,
  ): void {
    const { fromNs, toNs } = request
    const starts = track.starts
    const n = starts.length
    let i = this.#after(starts, fromNs, 0)
    if (i > 0 && this.#endOf(track, i - 1, Infinity) > fromNs) i--
    while (i < n) {
      const start = this.#time(starts.data[i]!)
      if (start >= toNs) break
      const next = this.#nextPixel(starts, start, request, i + 1)
      const last = next - 1
      const end = this.#endOf(track, last, toNs)
      const show = last === i || this.#firstIsLonger(track, i, last, toNs) ? i : last
      const label = strings.index(track.labels.data[show]!)
      const event = starts.data[show]!
      const at = out.push(start - fromNs, end - fromNs, event, label)
      out.depths[at] = depth
      out.categories[at] = this.#kindCategory(event)
      out.counts[at] = next - i
      i = next
    }
  }

  #firstIsLonger(track: Track, first: number, last: number, open: number): boolean {
    const length = (i: number) => this.#endOf(track, i, open) - this.#time(track.starts.data[i]!)
    return length(first) >= length(last)
  }

  /** End of a span in ns; of one that still runs, `open`. */
  #endOf(track: Track, i: number, open: number): number {
    const end = track.ends.data[i]!
    return end === OPEN ? open : this.#time(end)
  }

  #points(lane: Lane, request: WindowRequest) {
    const { fromNs, toNs } = request
    const points = lane.points
    const out = this.#pointColumns.clear()
    let i = this.#after(points, fromNs, 0)
    while (i < points.length) {
      const event = points.data[i]!
      const time = this.#time(event)
      if (time >= toNs) break
      const next = this.#nextPixel(points, time, request, i + 1)
      out.push(time - fromNs, event, this.#kindCategory(event), next - i)
      i = next
    }
    return out.columns()
  }

  /** Index of the first event of `events` (from `low` on) that is not before `timeNs`. */
  #after(events: Words, timeNs: number, low: number, high = events.length): number {
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#time(events.data[middle]!) < timeNs) low = middle + 1
      else high = middle
    }
    return low
  }

  /** First index from `low` on whose event starts after the pixel of `timeNs`. */
  #nextPixel(events: Words, timeNs: number, request: WindowRequest, low: number): number {
    const { fromNs, toNs, widthPx } = request
    const pixel = Math.floor((timeNs - fromNs) / ((toNs - fromNs) / widthPx))
    const edge = this.#edges[Math.max(-1, pixel) + 1]!
    const data = events.data
    let high = low
    for (let stride = 1; high < events.length && data[high]! < edge; stride *= 2) {
      low = high + 1
      high += stride
    }
    return events.lowerBound(edge, low, Math.min(high, events.length))
  }

  /**
   * The first event of each pixel, so that lanes compare event numbers and need not look at times.
   */
  #findEdges({ fromNs, toNs, widthPx }: WindowRequest): void {
    const edges = new Uint32Array(widthPx + 2)
    const pixel = (toNs - fromNs) / widthPx
    for (let p = 0; p <= widthPx + 1; p++) {
      const edge = p === 0 ? fromNs : fromNs + p * pixel
      edges[p] = p > widthPx ? this.#store.length : firstAtTime(this.#store, edge)
    }
    this.#edges = edges
  }

  #flows(request: WindowRequest): WindowFlows {
    const from: number[] = []
    const to: number[] = []
    if (request.flows !== false) this.#collectFlows(request, from, to)
    const lanes = new Set(request.lanes)
    const shown = [...from.keys()].filter(
      (i) => lanes.has(this.#laneOf(from[i]!)) || lanes.has(this.#laneOf(to[i]!)),
    )
    const a = shown.map((i) => from[i]!)
    const b = shown.map((i) => to[i]!)
    return {
      fromTimes: Float64Array.from(a, (event) => this.#time(event) - request.fromNs),
      toTimes: Float64Array.from(b, (event) => this.#time(event) - request.fromNs),
      fromLanes: Int32Array.from(a, (event) => this.#laneOf(event)),
      toLanes: Int32Array.from(b, (event) => this.#laneOf(event)),
      fromEvents: Uint32Array.from(a),
      toEvents: Uint32Array.from(b),
    }
  }

  /** Arrows that start or arrive inside; when there are too many to see, none. */
  #collectFlows(request: WindowRequest, from: number[], to: number[]): void {
    const flows = this.#timeline.flows
    const first = this.#after(flows.from, request.fromNs, 0)
    const last = this.#after(flows.from, request.toNs, first)
    if (last - first > FLOWS_MAX) return
    for (let id = first; id < last; id++) {
      if (flows.to.data[id] === OPEN) continue
      from.push(flows.from.data[id]!)
      to.push(flows.to.data[id]!)
    }
    const inside = this.#arrivals(request)
    for (let k = inside.first; k < inside.last && from.length < FLOWS_MAX; k++) {
      const id = flows.arrived.data[k]!
      if (id >= first) continue
      from.push(flows.from.data[id]!)
      to.push(flows.to.data[id]!)
    }
  }

  #arrivals(request: WindowRequest): { first: number; last: number } {
    const { arrived, to } = this.#timeline.flows
    const search = (timeNs: number): number => {
      let low = 0
      let high = arrived.length
      while (low < high) {
        const middle = (low + high) >>> 1
        if (this.#time(to.data[arrived.data[middle]!]!) < timeNs) low = middle + 1
        else high = middle
      }
      return low
    }
    return { first: search(request.fromNs), last: search(request.toNs) }
  }

  #laneOf(event: number): number {
    const chunk = this.#store.chunks[event >> 16]!
    return this.#timeline.laneOf(chunk.contextAt(event & 0xffff))?.id ?? -1
  }
}
