import type { AnyEvent } from './catalogue'
import { Cursor } from './cursor'
import { CODE } from './field'
import { PENDING_FACETS } from './declare'
import { cpuSubject } from './effects'
import type { Effects, EffectSink } from './effects'
import type { Label } from './labels'
import type { TraceStore } from './store'
import { Words } from './words'

export const OPEN = 0xffffffff

/**
 * Spans of one row, in the order of their start and without overlap: a span ends before (or where)
 * the next one starts. Start and end are event indices; OPEN is the end of a span that still runs.
 */
export class Track {
  readonly name: string
  readonly starts = new Words()
  readonly ends = new Words()
  readonly labels = new Words()
  count = 0

  constructor(name: string) {
    this.name = name
  }

  get open(): boolean {
    const n = this.ends.length
    return n > 0 && this.ends.data[n - 1] === OPEN
  }

  begin(event: number, label: Label): void {
    this.end(event)
    this.starts.push(event)
    this.ends.push(OPEN)
    this.labels.push(label)
  }

  end(event: number): void {
    if (this.open) this.ends.data[this.ends.length - 1] = event
    this.count = 0
  }
}

/** Everything the timeline knows of a CPU, a context or an object. */
export interface Lane {
  readonly id: number
  readonly subject: number
  /** Rows of facets, then rows of nested slices. */
  readonly facets: Track[]
  readonly slices: Track[]
  /** Names of the slices that are open, outermost first. */
  readonly stack: string[]
  /** Events that happened here or touched the object. */
  readonly points: Words
  /** Kind of the first event that made the lane; its category is the lane's. */
  readonly kind: number
}

/**
 * Arrows. `out` holds all of them by their first event, `in` those that arrived by their second.
 */
export class Flows {
  readonly from = new Words()
  readonly to = new Words()
  readonly arrived = new Words()
  readonly #waiting = new Map<string, Map<number, number>>()

  out(flow: string, key: number, event: number): void {
    let keys = this.#waiting.get(flow)
    if (keys === undefined) this.#waiting.set(flow, (keys = new Map()))
    keys.set(key, this.from.length)
    this.from.push(event)
    this.to.push(OPEN)
  }

  in(flow: string, key: number, event: number): void {
    const keys = this.#waiting.get(flow)
    const id = keys?.get(key)
    if (id === undefined) return
    keys!.delete(key)
    this.to.data[id] = event
    this.arrived.push(id)
  }
}

/**
 * Turns events into lanes, spans and arrows. Grows with the trace: call `update` before reading.
 */
export class Timeline implements EffectSink {
  readonly lanes: Lane[] = []
  readonly flows = new Flows()
  readonly #bySubject = new Map<number, Lane>()
  readonly #store: TraceStore
  readonly #effects: Effects
  readonly #objectFields: readonly Uint8Array[]
  #at: Cursor | null = null
  #event = 0
  #kind = 0

  constructor(store: TraceStore, effects: Effects) {
    this.#store = store
    this.#effects = effects
    this.#objectFields = store.events.map(objectOffsets)
  }

  /** Takes in the events that were written since the last call. */
  update(): void {
    if (this.#store.length === 0) return
    const at = (this.#at ??= new Cursor(this.#store))
    while (at.next()) {
      this.#event = at.index
      this.#kind = at.kind
      this.#effects.apply(at, this)
      this.#points(at)
    }
  }

  laneOf(subject: number): Lane | undefined {
    return this.#bySubject.get(subject)
  }

  begin(context: number, slice: string, label: Label): void {
    const lane = this.#lane(context)
    const depth = lane.stack.length
    if (depth === lane.slices.length) lane.slices.push(new Track(`depth ${depth + 1}`))
    lane.slices[depth]!.begin(this.#event, label)
    lane.stack.push(slice)
  }

  end(context: number, slice: string): void {
    const lane = this.#lane(context)
    const depth = lane.stack.lastIndexOf(slice)
    if (depth >= 0) this.#endSlices(lane, depth)
  }

  set(subject: number, facet: string, value: Label): void {
    const track = this.#track(subject, facet)
    track.count = 1
    if (track.open && track.labels.last === value) return
    track.begin(this.#event, value)
    track.count = 1
  }

  clear(subject: number, facet: string): void {
    const lane = this.#bySubject.get(subject)
    findTrack(lane, facet)?.end(this.#event)
  }

  enter(subject: number, facet: string, value: Label): void {
    const track = this.#track(subject, facet)
    if (!track.open) track.begin(this.#event, value)
    track.count++
  }

  leave(subject: number, facet: string): void {
    const track = findTrack(this.#bySubject.get(subject), facet)
    if (track === undefined || !track.open) return
    if (track.count <= 1) track.end(this.#event)
    else track.count--
  }

  hold(): void {}

  unhold(): void {}

  flowOut(key: number, flow: string): void {
    this.flows.out(flow, key, this.#event)
  }

  flowIn(key: number, flow: string): void {
    this.flows.in(flow, key, this.#event)
  }

  alloc(object: number): void {
    this.set(object, 'life', this.#effects.alive)
  }

  free(object: number): void {
    const lane = this.#bySubject.get(object)
    lane?.facets.forEach((t) => PENDING_FACETS.has(t.name) || t.end(this.#event))
  }

  link(): void {}

  refs(): void {}

  rename(): void {}

  exit(subject: number): void {
    const lane = this.#bySubject.get(subject)
    if (lane === undefined) return
    this.#endSlices(lane, 0)
    for (const track of lane.facets) if (track.name !== 'life') track.end(this.#event)
  }

  #endSlices(lane: Lane, depth: number): void {
    for (let i = depth; i < lane.stack.length; i++) lane.slices[i]!.end(this.#event)
    lane.stack.length = depth
  }

  #points(at: Cursor): void {
    this.#lane(cpuSubject(at.cpu)).points.push(at.index)
    const context = at.context
    if (context !== 0) this.#lane(context).points.push(at.index)
    const offsets = this.#objectFields[at.kind]!
    for (let i = 0; i < offsets.length; i++) {
      const lane = this.#bySubject.get(at.word(offsets[i]!))
      if (lane !== undefined && lane.points.last !== at.index) lane.points.push(at.index)
    }
  }

  #track(subject: number, facet: string): Track {
    const lane = this.#lane(subject)
    let track = findTrack(lane, facet)
    if (track === undefined) lane.facets.push((track = new Track(facet)))
    return track
  }

  #lane(subject: number): Lane {
    let lane = this.#bySubject.get(subject)
    if (lane === undefined) {
      lane = {
        id: this.lanes.length, subject, facets: [], slices: [], stack: [], points: new Words(),
        kind: this.#kind,
      }
      this.lanes.push(lane)
      this.#bySubject.set(subject, lane)
    }
    return lane
  }
}

function findTrack(lane: Lane | undefined, facet: string): Track | undefined {
  const facets = lane?.facets
  if (facets === undefined) return undefined
  for (let i = 0; i < facets.length; i++) if (facets[i]!.name === facet) return facets[i]
  return undefined
}

function objectOffsets(event: AnyEvent): Uint8Array {
  const fields = [...event.codes.keys()].filter((i) => event.codes[i]! <= CODE.ctx)
  return Uint8Array.from(fields, (i) => event.offsets[i]!)
}
