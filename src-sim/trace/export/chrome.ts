import { Cursor } from '../cursor'
import type { Trace } from '../trace'
import { Arguments } from './arguments'
import { FlowTable, SpanTable } from './spans'
import { cpuThread, objectThread, Threads } from './threads'
import type { Thread } from './threads'

/**
 * The JSON of chrome://tracing, also read by Perfetto, speedscope and the Firefox profiler. Each
 * event appears once with its number in `args.event`: as the slice (X) it opens, or as an instant.
 * An event at the end of an arrow that opens no slice is a slice of one nanosecond, because arrows
 * must be tied to slices. Facets of objects may overlap and are async spans (b, e). Sorted by time,
 * and at one time longer slices first.
 */
export function* exportChrome(trace: Trace): Iterable<string> {
  yield '{"displayTimeUnit":"ns","traceEvents":[\n'
  const writer = new ChromeWriter(trace)
  yield writer.metadata()
  yield* writer.events()
  yield '\n]}\n'
}

/** Nanoseconds as microseconds with three decimals. */
function micros(ns: number): string {
  const rest = ns % 1000
  return `${(ns - rest) / 1000}.${rest < 10 ? '00' : rest < 100 ? '0' : ''}${rest}`
}

const PART = 1 << 16

class ChromeWriter {
  readonly #trace: Trace
  readonly #spans: SpanTable
  readonly #flows: FlowTable
  readonly #threads: Threads
  readonly #args: Arguments
  readonly #endNs: number
  readonly #labels = new Map<number, string>()
  readonly #prefix: readonly string[]
  readonly #kinds: readonly string[]
  readonly #facets: { head: string; tail: string }[] = []
  readonly #where = new Map<number, string>()
  #ender: Cursor

  constructor(trace: Trace) {
    this.#trace = trace
    this.#spans = new SpanTable(trace)
    this.#flows = new FlowTable(trace)
    this.#threads = new Threads(trace.store)
    this.#args = new Arguments(trace)
    this.#endNs = trace.range.toNs
    this.#ender = new Cursor(trace.store)
    this.#kinds = trace.store.events.map((e) => `"kind":"${e.name}"`)
    this.#prefix = trace.store.events.map((e) => `"name":"${e.name}","cat":"${e.category}"`)
  }

  metadata(): string {
    const threads: Thread[] = [...this.#threads.all()]
    for (const lane of this.#spans.lanes) {
      if (lane.subject < 0) threads.push(cpuThread(-lane.subject - 1))
      else if (lane.facets.length > 0) threads.push(this.#facetThread(lane.subject))
    }
    const lines = new Set<string>()
    for (const { pid, tid, process, name } of threads) {
      lines.add(meta('process_name', pid, tid, process))
      lines.add(meta('thread_name', pid, tid, name))
    }
    return [...lines].join(',\n')
  }

  /** Everything that begins at one time is collected, sorted and written together. */
  *events(): Iterable<string> {
    const at = this.#trace.cursor()
    let slices: { duration: number; depth: number; json: string }[] = []
    let others = ''
    let time = -1
    let text = ''
    const flush = (): void => {
      if (slices.length > 1) slices.sort((a, b) => b.duration - a.duration || a.depth - b.depth)
      for (const slice of slices) text += slice.json
      text += others
      slices = []
      others = ''
    }
    while (at.next()) {
      if (at.timeNs !== time) {
        flush()
        time = at.timeNs
        if (text.length > PART) {
          yield text
          text = ''
        }
      }
      others += this.#event(at, time, slices)
    }
    flush()
    yield text
  }

  /** Adds the slices an event opens to `slices` and answers all else that it stands for. */
  #event(at: Cursor, time: number, slices: { duration: number; depth: number; json: string }[]) {
    const event = at.index
    const spans = this.#spans
    const ts = micros(time)
    let others = ''
    let own = false
    for (const span of spans.endingAt(event)) {
      if (spans.depth(span) === 0 && spans.start(span) !== event) {
        others += this.#async(span, 'e', ts)
      }
    }
    for (const span of spans.startingAt(event)) {
      const depth = spans.depth(span)
      if (depth === 0) {
        others += this.#async(span, 'b', ts)
        const end = spans.end(span)
        if (end === event) others += this.#async(span, 'e', ts)
        continue
      }
      const end = spans.end(span)
      const duration = (end < 0 ? this.#endNs : this.#trace.timeNs(end)) - time
      const mine: boolean = spans.lane(span).subject === at.context && !own
      own ||= mine
      slices.push({ duration, depth, json: this.#slice(at, span, ts, duration, mine) })
    }
    const out = this.#flows.leaving(event)
    const into = this.#flows.arriving(event)
    if (!own) {
      const json = this.#point(at, ts, out.length + into.length > 0)
      if (out.length + into.length > 0) slices.push({ duration: 1, depth: 1e6, json })
      else others = json + others
    }
    for (const id of into) others += this.#flow(at, 'f', id, ts)
    for (const id of out) others += this.#flow(at, 's', id, ts)
    return others
  }

  #slice(at: Cursor, span: number, ts: string, duration: number, mine: boolean): string {
    const lane = this.#spans.lane(span)
    const name = this.#label(this.#spans.labels.data[span]!)
    const category = this.#trace.store.events[at.kind]!.category
    const head =
      `,\n{"ph":"X","name":${name},"cat":"${category}","ts":${ts},"dur":${micros(duration)}`
    if (!mine) return `${head},${this.#whereOf(lane.subject)}}`
    const end = this.#spans.end(span)
    const ended = end < 0 ? '' : `,"end_event":${end},"end":{${this.#endMembers(end)}}`
    return `${head},${this.#whereOf(lane.subject)},${this.#details(at, ended)}}`
  }

  /** Fields of the event, and under `at` what is not a field of it. */
  #details(at: Cursor, more: string): string {
    const members = this.#args.members(at)
    const own =
      `{"event":${at.index},${this.#kinds[at.kind]},"step":${at.step},"cpu":${at.cpu}${more}}`
    return `"args":{"at":${own}${members === '' ? '' : `,${members}`}}`
  }

  #endMembers(event: number): string {
    this.#ender.seek(event)
    return this.#args.members(this.#ender)
  }

  #point(at: Cursor, ts: string, slice: boolean): string {
    const shape = slice ? '"ph":"X","dur":0.001' : '"ph":"i","s":"t"'
    const where = this.#whereOf(at.context)
    return `,\n{${shape},${this.#prefix[at.kind]},"ts":${ts},${where},${this.#details(at, '')}}`
  }

  #flow(at: Cursor, phase: 's' | 'f', id: number, ts: string): string {
    const bind = phase === 'f' ? ',"bp":"e"' : ''
    const where = this.#whereOf(at.context)
    const head = `"ph":"${phase}","name":"cause","cat":"flow","id":${id + 1}`
    return `,\n{${head},"ts":${ts},${where}${bind}}`
  }

  #async(span: number, phase: 'b' | 'e', ts: string): string {
    const index = this.#spans.trackIndex(span)
    const { head, tail } = (this.#facets[index] ??= this.#facet(span))
    if (phase === 'e') return `,\n{"ph":"e",${head}${ts}${tail}}`
    const label = this.#label(this.#spans.labels.data[span]!)
    return `,\n{"ph":"b",${head}${ts}${tail},"args":{"value":${label}}}`
  }

  /** The spans of one facet never overlap, so object and facet together are the id. */
  #facet(span: number): { head: string; tail: string } {
    const { subject } = this.#spans.lane(span)
    const facet = this.#spans.track(span).name
    const { pid, tid } = this.#facetThread(subject)
    const owner = subject < 0 ? `CPU ${-subject - 1}` : this.#args.object(subject)
    const name = JSON.stringify(`${owner} ${facet}`)
    const id = JSON.stringify(`${subject}:${facet}`)
    return {
      head: `"name":${name},"cat":"facet","id":${id},"ts":`,
      tail: `,"pid":${pid},"tid":${tid}`,
    }
  }

  #facetThread(subject: number): Thread {
    if (subject < 0) return cpuThread(-subject - 1)
    const { tables } = this.#trace.store
    return objectThread(tables.objectTypes[subject] ?? 0, tables.objectType(subject))
  }

  #whereOf(subject: number): string {
    let text = this.#where.get(subject)
    if (text === undefined) {
      const thread = subject < 0 ? cpuThread(-subject - 1) : this.#threads.of(subject)
      text = `"pid":${thread.pid},"tid":${thread.tid}`
      this.#where.set(subject, text)
    }
    return text
  }

  #label(label: number): string {
    let text = this.#labels.get(label)
    if (text === undefined) {
      text = JSON.stringify(this.#trace.labels.show(label))
      this.#labels.set(label, text)
    }
    return text
  }
}

function meta(name: string, pid: number, tid: number, value: string): string {
  const args = `{"name":${JSON.stringify(value)}}`
  return `{"ph":"M","name":"${name}","pid":${pid},"tid":${tid},"args":${args}}`
}
