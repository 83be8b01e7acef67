import { assert } from '../base/assert'
import type { AnyEvent } from './catalogue'
import { Cursor } from './cursor'
import { Effects } from './effects'
import { CODE } from './field'
import { compileFilter, rangeOf, touches } from './filter'
import type { Predicate } from './filter'
import { Labels } from './labels'
import { StateIndex } from './state-index'
import { viewOf } from './state-view'
import type { TraceStore } from './store'
import { firstAtStep, firstAtTime, timeOf } from './time-search'
import { OPEN, Timeline } from './timeline'
import type { Lane } from './timeline'
import type {
  ArgValue, EventFilter, EventRecord, LaneInfo, LaneKind, StateView, WindowData, WindowRequest,
} from './types'
import { WindowReader } from './window'

export interface LaneQuery {
  readonly kinds?: readonly LaneKind[]
  /** Types of objects or kinds of contexts. */
  readonly types?: readonly string[]
  readonly text?: string
  readonly offset?: number
  readonly limit?: number
}

/** Reads a trace, also while it is being written. Nothing here changes the trace. */
export class Trace {
  readonly store: TraceStore
  readonly labels: Labels
  readonly #timeline: Timeline
  readonly #windows: WindowReader
  readonly #states: StateIndex

  constructor(store: TraceStore) {
    this.store = store
    this.labels = new Labels(store.tables)
    const effects = new Effects(store, this.labels)
    this.#timeline = new Timeline(store, effects)
    this.#windows = new WindowReader(store, this.#timeline, this.labels)
    this.#states = new StateIndex(store, effects)
  }

  get length(): number {
    return this.store.length
  }

  get range(): { fromNs: number; toNs: number } {
    return rangeOf(this.store)
  }

  timeNs(event: number): number {
    return timeOf(this.store, event)
  }

  /** Lanes, spans and arrows up to the last event, for exporters. */
  get timeline(): Timeline {
    this.#timeline.update()
    return this.#timeline
  }

  /** A cursor before the event `from`: call `next` first. */
  cursor(from = 0): Cursor {
    return new Cursor(this.store, from)
  }

  event(index: number): EventRecord {
    assert(index >= 0 && index < this.length, `event ${index} is not in the trace`)
    const at = new Cursor(this.store)
    at.seek(index)
    return recordAt(at)
  }

  events(from: number, to: number): EventRecord[] {
    const out: EventRecord[] = []
    const at = this.cursor(from)
    while (at.index + 1 < to && at.next()) out.push(recordAt(at))
    return out
  }

  /** Index of the first event at or after a time; `length` when there is none. */
  indexAtTime(ns: number): number {
    return firstAtTime(this.store, ns)
  }

  /** Index of the last event that happened not later than the given step, -1 before the first. */
  indexAtStep(step: number): number {
    return firstAtStep(this.store, step + 1) - 1
  }

  /** Indices of events from `from` on that pass the filter, `limit` at most. */
  select(filter: EventFilter, from = 0, limit = Infinity): Uint32Array {
    const test = compileFilter(filter, this.store)
    const out: number[] = []
    const start =
      filter.fromNs === undefined ? from : Math.max(from, this.indexAtTime(filter.fromNs))
    const end = filter.toNs === undefined ? this.length : this.indexAtTime(filter.toNs)
    const at = this.cursor(start)
    while (out.length < limit && at.index + 1 < end && at.next()) if (test(at)) out.push(at.index)
    return Uint32Array.from(out)
  }

  /** The next event after `from` that passes, -1 when there is none. */
  next(filter: EventFilter, from: number): number {
    return this.#next(compileFilter(filter, this.store), from)
  }

  /** The last event before `from` that passes, -1 when there is none. */
  previous(filter: EventFilter, from: number): number {
    return this.#previous(compileFilter(filter, this.store), from)
  }

  /** The next event of the same lane. */
  nextInLane(lane: number, from: number, backward = false): number {
    const points = this.#laneAt(lane)?.points
    if (points === undefined) return -1
    const i = backward ? points.lowerBound(from) - 1 : points.lowerBound(from + 1)
    return i >= 0 && i < points.length ? points.data[i]! : -1
  }

  /** The event that caused this one and the one it caused, as far as the catalogue knows. */
  links(event: number): { causes: number[]; effects: number[] } {
    this.#timeline.update()
    const { from, to } = this.#timeline.flows
    const effects: number[] = []
    const causes: number[] = []
    for (let i = from.lowerBound(event); i < from.length && from.data[i] === event; i++) {
      if (to.data[i] !== OPEN) effects.push(to.data[i]!)
    }
    for (let i = 0; i < to.length; i++) if (to.data[i] === event) causes.push(from.data[i]!)
    return { causes, effects }
  }

  /** All events that touch an object (or happened in it, for a context). */
  objectHistory(object: number, limit = Infinity): Uint32Array {
    return this.select({ object }, 0, limit)
  }

  nextOfObject(object: number, from: number, backward = false): number {
    const test = touches(this.store, object)
    return backward ? this.#previous(test, from) : this.#next(test, from)
  }

  stateAt(event: number): StateView {
    const index = Math.min(event, this.length - 1)
    return viewOf(this.#states.at(index), this.store, this.labels)
  }

  window(request: WindowRequest): WindowData {
    return this.#windows.read(request)
  }

  get laneCount(): number {
    this.#timeline.update()
    return this.#timeline.lanes.length
  }

  lanes(query: LaneQuery = {}): LaneInfo[] {
    this.#timeline.update()
    const { kinds, types, offset = 0, limit = Infinity } = query
    const text = query.text?.toLowerCase()
    const out: LaneInfo[] = []
    let skipped = 0
    for (const lane of this.#timeline.lanes) {
      if (out.length >= limit) break
      const info = this.#laneInfo(lane)
      if (kinds && !kinds.includes(info.kind)) continue
      if (types && !types.includes(info.type)) continue
      if (text && !info.name.toLowerCase().includes(text)) continue
      if (skipped++ >= offset) out.push(info)
    }
    return out
  }

  /** The lane of a CPU (-(cpu + 1)), a context or an object; -1 when it has none. */
  laneOf(subject: number): number {
    this.#timeline.update()
    return this.#timeline.laneOf(subject)?.id ?? -1
  }

  #next(test: Predicate, from: number): number {
    const at = this.cursor(from + 1)
    while (at.next()) if (test(at)) return at.index
    return -1
  }

  #previous(test: Predicate, from: number): number {
    for (let end = from; end > 0; ) {
      const start = Math.max(0, (end - 1) & ~4095)
      let found = -1
      const at = this.cursor(start)
      while (at.index + 1 < end && at.next()) if (test(at)) found = at.index
      if (found >= 0) return found
      end = start
    }
    return -1
  }

  #laneAt(lane: number): Lane | undefined {
    this.#timeline.update()
    return this.#timeline.lanes[lane]
  }

  #laneInfo(lane: Lane): LaneInfo {
    const { tables } = this.store
    const { id, subject } = lane
    const context = tables.contexts.get(subject)
    const rows = [...lane.facets, ...lane.slices].map((track) => track.name)
    return {
      id,
      subject,
      kind: subject < 0 ? 'cpu' : context ? 'context' : 'object',
      type: subject < 0 ? 'cpu' : tables.objectType(subject),
      name: subject < 0 ? `CPU ${-subject - 1}` : this.labels.objectName(subject),
      parent: subject < 0 ? 0 : (tables.objectParents[subject] ?? 0),
      category: this.store.events[lane.kind]!.category,
      depth: rows.length,
      rows,
      events: lane.points.length,
    }
  }
}

export function recordAt(at: Cursor): EventRecord {
  const event = at.store.events[at.kind]!
  return {
    index: at.index,
    timeNs: at.timeNs,
    step: at.step,
    cpu: at.cpu,
    context: at.context,
    position: at.position,
    name: event.name,
    category: event.category,
    args: event.fields.map((_: unknown, field: number) => argAt(at, event, field)),
  }
}

/** The value of one field, as it was passed to `emit`. */
export function argAt(at: Cursor, event: AnyEvent, field: number): ArgValue {
  const offset = event.offsets[field]!
  const code = event.codes[field]!
  const word = at.word(offset)
  if (code >= CODE.u64) return at.wide(offset)
  if (code === CODE.i32) return word | 0
  if (code === CODE.bool) return word !== 0
  if (code === CODE.str || code === CODE.sym) return at.store.tables.strings[word]!
  if (code === CODE.enum) return event.fields[field]!.values[word] ?? ''
  return word
}
