import type { AnyEvent } from '../catalogue'
import type { Cursor } from '../cursor'
import { CODE } from '../field'
import type { Trace } from '../trace'
import { Arguments } from './arguments'
import { ProtoWriter } from './protobuf'
import { FlowTable, SpanTable } from './spans'
import { cpuThread, Threads } from './threads'
import type { Thread } from './threads'

/** Numbers of the fields of perfetto/trace/**.proto that are written here. */
const PACKET = {
  timestamp: 8, sequence: 10, event: 11, interned: 12, flags: 13, descriptor: 60, task: 117,
  tree: 122,
}
const TRACK = { uuid: 1, name: 2, process: 3, thread: 4, parent: 5 }
const EVENT = {
  categoryIid: 3, annotation: 4, type: 9, nameIid: 10, track: 11, flow: 47, endFlow: 48,
}
const INTERNED = { categories: 1, names: 2, annotations: 3 }
const TYPE = { begin: 1, end: 2, instant: 3 }
const CLEARED_AND_NEEDED = 3
const NEEDED = 2
const SEQUENCE = 1
const PART = 1 << 18

/** States of generic_kernel_task_state_event. */
const RUNNABLE = 2
const RUNNING = 3
const TASK_STATES: Record<string, number> = {
  'R': RUNNABLE, 'R+': RUNNABLE, 'S': 4, 'D': 5, 'I': 5, 'P': 6, 'T': 6, 't': 6, 'X': 7, 'Z': 7,
}

/** Perfetto's protobuf: slices and instants on threads, facets on tracks of their objects. */
export function* exportPerfetto(trace: Trace): Iterable<Uint8Array> {
  yield* new PerfettoWriter(trace).parts()
}

class PerfettoWriter {
  readonly #trace: Trace
  readonly #out = new ProtoWriter()
  readonly #spans: SpanTable
  readonly #flows: FlowTable
  readonly #threads: Threads
  readonly #args: Arguments
  readonly #interned = [0, 1, 2].map(() => new Map<string, number>())
  readonly #facetTracks = new Map<string, number>()
  readonly #processes = new Set<number>()
  readonly #threadTracks = new Map<number, number>()
  readonly #objectTracks = new Map<string, number>()
  /** The state each task was last said to be in. */
  readonly #taskStates = new Map<number, number>()
  #uuids = 0
  #first = true

  constructor(trace: Trace) {
    this.#trace = trace
    this.#spans = new SpanTable(trace)
    this.#flows = new FlowTable(trace)
    this.#threads = new Threads(trace.store)
    this.#args = new Arguments(trace)
  }

  *parts(): Iterable<Uint8Array> {
    this.#tree()
    const at = this.#trace.cursor()
    while (at.next()) {
      this.#event(at)
      if (this.#out.length > PART) yield this.#out.take()
    }
    yield this.#out.take()
  }

  #event(at: Cursor): void {
    const spans = this.#spans
    const event = this.#trace.store.events[at.kind]!
    for (const span of spans.endingAt(at.index)) {
      if (spans.start(span) !== at.index) this.#edge(at, span, TYPE.end)
    }
    this.#scheduling(at, event)
    let shown = false
    for (const span of spans.startingAt(at.index)) {
      const own = spans.depth(span) > 0 && spans.lane(span).subject === at.context
      this.#edge(at, span, TYPE.begin, own && !shown ? event : null)
      shown ||= own
      if (spans.end(span) === at.index) this.#edge(at, span, TYPE.end)
    }
    if (!shown) {
      const track = this.#threadTrack(at.context, this.#threads.of(at.context))
      this.#trackEvent(at, TYPE.instant, track, event.name, event.category, event)
    }
  }

  #edge(at: Cursor, span: number, type: number, event: AnyEvent | null = null): void {
    const track = this.#trackOfSpan(span)
    if (type === TYPE.end) {
      this.#trackEvent(at, type, track, '', '', null)
      return
    }
    const name = this.#trace.labels.show(this.#spans.labels.data[span]!)
    const { category } = this.#trace.store.events[at.kind]!
    this.#trackEvent(at, type, track, name, category, event)
  }

  #trackEvent(
    at: Cursor, type: number, track: number, name: string, category: string, event: AnyEvent | null,
  ): void {
    const out = this.#out
    const fields: readonly { name: string }[] = event?.fields ?? []
    const notes = event === null ? [] : ['event_index', ...fields.map((f) => f.name)]
    const news = this.#news(name, category, notes)
    const packet = this.#packet(at.timeNs)
    out.number(PACKET.flags, this.#first ? CLEARED_AND_NEEDED : NEEDED)
    this.#first = false
    this.#internedData(news)
    const message = out.begin(PACKET.event)
    out.number(EVENT.type, type)
    out.number(EVENT.track, track)
    if (name !== '') {
      out.number(EVENT.categoryIid, this.#interned[0]!.get(category)!)
      out.number(EVENT.nameIid, this.#interned[1]!.get(name)!)
    }
    if (event !== null) this.#details(at, event)
    out.end(message)
    out.end(packet)
  }

  #details(at: Cursor, event: AnyEvent): void {
    const out = this.#out
    this.#annotation('event_index', () => out.number(3, at.index))
    event.fields.forEach((field: { name: string }, i: number) =>
      this.#annotation(field.name, () => this.#value(at, event, i)),
    )
    for (const id of this.#flows.leaving(at.index)) out.fixed64(EVENT.flow, id + 1)
    for (const id of this.#flows.arriving(at.index)) out.fixed64(EVENT.endFlow, id + 1)
  }

  #annotation(name: string, value: () => void): void {
    const start = this.#out.begin(EVENT.annotation)
    this.#out.number(1, this.#interned[2]!.get(name)!)
    value()
    this.#out.end(start)
  }

  #value(at: Cursor, event: AnyEvent, field: number): void {
    const offset = event.offsets[field]!
    const code = event.codes[field]!
    const out = this.#out
    if (code === CODE.bool) out.number(2, at.word(offset))
    else if (code === CODE.u32 || code === CODE.pos) out.number(3, at.word(offset))
    else if (code === CODE.i32) out.number(4, at.word(offset) | 0)
    else if (code === CODE.u64 || code === CODE.ns) out.number(3, at.wide(offset))
    else out.text(6, this.#args.value(at, event, field))
  }

  /** Numbers the texts of an event and answers those that the reader does not know yet. */
  #news(
    name: string, category: string, annotations: readonly string[],
  ): [number, string, number][] {
    const news: [number, string, number][] = []
    const intern = (table: number, text: string): void => {
      const known = this.#interned[table]!
      if (text === '' || known.has(text)) return
      known.set(text, known.size + 1)
      news.push([table, text, known.size])
    }
    intern(0, category)
    intern(1, name)
    for (const text of annotations) intern(2, text)
    return news
  }

  #internedData(news: readonly [number, string, number][]): void {
    if (news.length === 0) return
    const out = this.#out
    const fields = [INTERNED.categories, INTERNED.names, INTERNED.annotations]
    const data = out.begin(PACKET.interned)
    for (const [table, text, iid] of news) {
      const entry = out.begin(fields[table]!)
      out.number(1, iid)
      out.text(2, text)
      out.end(entry)
    }
    out.end(data)
  }

  #packet(timeNs: number): number {
    const packet = this.#out.begin(1)
    this.#out.number(PACKET.timestamp, timeNs)
    this.#out.number(PACKET.sequence, SEQUENCE)
    return packet
  }

  #trackOfSpan(span: number): number {
    const { subject } = this.#spans.lane(span)
    const name = this.#spans.track(span).name
    if (this.#spans.depth(span) > 0 && subject >= 0) {
      return this.#threadTrack(subject, this.#threads.of(subject))
    }
    if (subject < 0 && name === 'current') {
      return this.#threadTrack(subject, cpuThread(-subject - 1))
    }
    const key = `${subject}:${name}`
    let uuid = this.#facetTracks.get(key)
    if (uuid === undefined) {
      const { tables } = this.#trace.store
      const type = subject < 0 ? 'CPUs' : tables.objectType(subject)
      const group = this.#objectTrack(type, type, 0)
      const owner = subject < 0 ? `CPU ${-subject - 1}` : this.#args.object(subject)
      uuid = this.#describe(`${owner} ${name}`, this.#objectTrack(`#${subject}`, owner, group))
      this.#facetTracks.set(key, uuid)
    }
    return uuid
  }

  #objectTrack(key: string, name: string, parent: number): number {
    let uuid = this.#objectTracks.get(key)
    if (uuid === undefined) {
      uuid = this.#describe(name, parent)
      this.#objectTracks.set(key, uuid)
    }
    return uuid
  }

  #threadTrack(subject: number, thread: Thread): number {
    let uuid = this.#threadTracks.get(subject)
    if (uuid !== undefined) return uuid
    this.#process(thread)
    uuid = this.#describe('', 0, () => {
      const start = this.#out.begin(TRACK.thread)
      this.#out.number(1, thread.pid)
      this.#out.number(2, thread.tid)
      this.#out.text(5, thread.name)
      this.#out.end(start)
    })
    this.#threadTracks.set(subject, uuid)
    return uuid
  }

  #process(thread: Thread): void {
    if (this.#processes.has(thread.pid)) return
    this.#processes.add(thread.pid)
    this.#describe('', 0, () => {
      const start = this.#out.begin(TRACK.process)
      this.#out.number(1, thread.pid)
      this.#out.text(6, thread.process)
      this.#out.end(start)
    })
  }

  #describe(name: string, parent: number, rest?: () => void): number {
    const uuid = ++this.#uuids
    const packet = this.#packet(this.#trace.range.fromNs)
    const track = this.#out.begin(PACKET.descriptor)
    this.#out.number(TRACK.uuid, uuid)
    if (name !== '') this.#out.text(TRACK.name, name)
    if (parent !== 0) this.#out.number(TRACK.parent, parent)
    rest?.()
    this.#out.end(track)
    this.#out.end(packet)
    return uuid
  }

  #scheduling(at: Cursor, event: AnyEvent): void {
    if (event.name === 'sched_switch') {
      this.#taskState(at, at.word(0), TASK_STATES[this.#args.value(at, event, 1)] ?? RUNNABLE)
      this.#taskState(at, at.word(2), RUNNING)
    } else if (event.name === 'sched_wakeup' || event.name === 'sched_wakeup_new') {
      if (this.#taskStates.get(at.word(0)) !== RUNNING) this.#taskState(at, at.word(0), RUNNABLE)
    }
  }

  #taskState(at: Cursor, context: number, state: number): void {
    const info = this.#trace.store.tables.contexts.get(context)
    if (info?.kind !== 'task' || this.#taskStates.get(context) === state) return
    this.#taskStates.set(context, state)
    const out = this.#out
    const packet = this.#packet(at.timeNs)
    const task = out.begin(PACKET.task)
    out.number(1, at.cpu)
    out.text(2, info.comm.slice(0, 15))
    out.number(3, this.#threads.of(context).tid)
    out.number(4, state)
    out.number(5, info.prio)
    out.end(task)
    out.end(packet)
  }

  #tree(): void {
    const out = this.#out
    const packet = this.#packet(this.#trace.range.fromNs)
    const tree = out.begin(PACKET.tree)
    const processes = new Set<number>()
    for (const thread of this.#threads.all()) {
      if (!processes.has(thread.pid)) {
        processes.add(thread.pid)
        const process = out.begin(1)
        out.number(1, thread.pid)
        out.text(3, thread.process)
        out.end(process)
      }
    }
    for (const thread of this.#threads.all()) {
      const start = out.begin(2)
      out.number(1, thread.tid)
      out.number(2, thread.pid)
      out.text(3, thread.name.slice(0, 15))
      if (thread.tid === thread.pid) out.number(4, 1)
      out.end(start)
    }
    out.end(tree)
    out.end(packet)
  }
}
