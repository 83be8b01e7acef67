import type { Trace } from '../trace'
import { OPEN } from '../timeline'
import type { Lane, Track } from '../timeline'
import { Words } from '../words'

const NONE = 0xffffffff

/**
 * All spans of a trace, found by the event that opens or closes them. Slices are the nested spans
 * of contexts and the tasks on CPUs; the rest are facets, which may overlap each other.
 */
export class SpanTable {
  readonly starts = new Words()
  /** Event that ends the span, NONE when it runs to the end. */
  readonly ends = new Words()
  readonly labels = new Words()
  readonly depths = new Words()
  readonly lanes: Lane[] = []
  readonly tracks: Track[] = []
  readonly #laneOf = new Words()
  readonly #trackOf = new Words()
  readonly #firstStart: Uint32Array
  readonly #firstEnd: Uint32Array
  readonly #nextStart = new Words()
  readonly #nextEnd = new Words()

  constructor(trace: Trace) {
    this.#firstStart = new Uint32Array(trace.length).fill(NONE)
    this.#firstEnd = new Uint32Array(trace.length).fill(NONE)
    for (const lane of trace.timeline.lanes) {
      this.lanes.push(lane)
      for (const track of lane.facets) {
        const onCpu = lane.subject < 0 && track.name === 'current'
        this.#add(track, onCpu ? 1 : 0)
      }
      lane.slices.forEach((track, depth) => this.#add(track, depth + 1))
    }
  }

  get length(): number {
    return this.starts.length
  }

  lane(span: number): Lane {
    return this.lanes[this.#laneOf.data[span]!]!
  }

  track(span: number): Track {
    return this.tracks[this.trackIndex(span)]!
  }

  trackIndex(span: number): number {
    return this.#trackOf.data[span]!
  }

  /** 0 for facets, else 1 and more for the depth of a slice. */
  depth(span: number): number {
    return this.depths.data[span]!
  }

  start(span: number): number {
    return this.starts.data[span]!
  }

  /** The event that ends the span, -1 when it runs to the end of the trace. */
  end(span: number): number {
    const end = this.ends.data[span]!
    return end === NONE ? -1 : end
  }

  startingAt(event: number): number[] {
    return chain(this.#firstStart[event]!, this.#nextStart)
  }

  endingAt(event: number): number[] {
    return chain(this.#firstEnd[event]!, this.#nextEnd)
  }

  #add(track: Track, depth: number): void {
    const index = this.tracks.push(track) - 1
    for (let i = 0; i < track.starts.length; i++) {
      const span = this.starts.length
      const start = track.starts.data[i]!
      const end = track.ends.data[i]!
      this.starts.push(start)
      this.ends.push(end === OPEN ? NONE : end)
      this.labels.push(track.labels.data[i]!)
      this.depths.push(depth)
      this.#laneOf.push(this.lanes.length - 1)
      this.#trackOf.push(index)
      this.#nextStart.push(this.#firstStart[start]!)
      this.#firstStart[start] = span
      this.#nextEnd.push(end === OPEN ? NONE : this.#firstEnd[end]!)
      if (end !== OPEN) this.#firstEnd[end] = span
    }
  }
}

const NOTHING: number[] = []

function chain(first: number, next: Words): number[] {
  if (first === NONE) return NOTHING
  const out: number[] = []
  for (let span = first; span !== NONE; span = next.data[span]!) out.push(span)
  return out.reverse()
}

/** The arrows of a trace by the events they join: which leave an event, which arrive at it. */
export class FlowTable {
  readonly #firstOut: Uint32Array
  readonly #firstIn: Uint32Array
  readonly #nextOut: Words
  readonly #nextIn: Words

  constructor(trace: Trace) {
    const { from, to } = trace.timeline.flows
    this.#firstOut = new Uint32Array(trace.length).fill(NONE)
    this.#firstIn = new Uint32Array(trace.length).fill(NONE)
    this.#nextOut = new Words()
    this.#nextIn = new Words()
    for (let id = 0; id < from.length; id++) {
      const [out, into] = [from.data[id]!, to.data[id]!]
      this.#nextOut.push(into === OPEN ? NONE : this.#firstOut[out]!)
      this.#nextIn.push(into === OPEN ? NONE : this.#firstIn[into]!)
      if (into === OPEN) continue
      this.#firstOut[out] = id
      this.#firstIn[into] = id
    }
  }

  leaving(event: number): readonly number[] {
    return chain(this.#firstOut[event]!, this.#nextOut)
  }

  arriving(event: number): readonly number[] {
    return chain(this.#firstIn[event]!, this.#nextIn)
  }
}
