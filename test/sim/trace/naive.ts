import { cpuSubject, eventNamed, PENDING_FACETS } from '../../../src-sim/trace'
import type { Effect, EventRecord, HoldEdge as Edge, Trace } from '../../../src-sim/trace'

/** A slow and plain reading of what the catalogue says that events mean, for comparison. */

interface NaiveFacet { value: string; count: number; since: number }
interface NaiveSubject {
  status: string
  facets: Map<string, NaiveFacet>
  slices: { slice: string; label: string; sinceEvent: number }[]
  refs: number | null
}

type HoldEdge = { -readonly [K in keyof Edge]: Edge[K] }

export interface Span { subject: number; row: string; label: string; start: number; end: number }

export class Naive {
  readonly subjects = new Map<number, NaiveSubject>()
  readonly edges: HoldEdge[] = []
  readonly spans: Span[] = []
  readonly arrows: [number, number][] = []
  readonly #flows = new Map<string, number>()
  readonly #trace: Trace
  #now = 0

  constructor(trace: Trace) {
    this.#trace = trace
  }

  apply(record: EventRecord): void {
    this.#now = record.index
    for (const effect of eventNamed(record.name)!.effects) {
      const subject = this.#ref(record, effect.subject)
      if (subject !== 0) this.#effect(record, effect, subject)
    }
  }

  #effect(record: EventRecord, { op, facet, target, value }: Effect, id: number): void {
    const text = this.#text(record, value)
    const key = `${facet} ${id}`
    const held = this.#ref(record, target)
    if (op === 'begin') this.#begin(id, facet, text)
    if (op === 'end') this.#end(id, facet)
    if (op === 'set') this.#set(id, facet, text)
    if (op === 'clear') this.#clear(id, facet)
    if (op === 'enter') this.#enter(id, facet, text)
    if (op === 'leave') this.#leave(id, facet)
    if (op === 'alloc') this.#alloc(id)
    if (op === 'free') this.#free(id)
    if (op === 'refs') this.#of(id).refs = Number(text)
    if (op === 'exit') this.#exit(id)
    if (op === 'flowOut') this.#flows.set(key, record.index)
    if (op === 'flowIn' && this.#flows.has(key)) {
      this.arrows.push([this.#flows.get(key)!, record.index])
      this.#flows.delete(key)
    }
    if (held === 0) return
    const counted = facet === 'counted'
    const edge = this.edges.find(
      (e) => e.holder === id && e.held === held && e.why === text && e.counted === counted,
    )
    if (op === 'hold' && edge) edge.count++
    else if (op === 'hold') {
      this.edges.push({ holder: id, held, why: text, counted, count: 1, sinceEvent: this.#now })
    }
    if (op === 'unhold' && edge && --edge.count === 0) {
      this.edges.splice(this.edges.indexOf(edge), 1)
    }
    if (op === 'hold' || (op === 'unhold' && edge)) for (const end of [id, held]) this.#of(end)
  }

  #begin(id: number, slice: string, label: string): void {
    const { slices } = this.#of(id)
    slices.push({ slice, label, sinceEvent: this.#now })
    this.#open(id, `depth ${slices.length}`, label)
  }

  #end(id: number, slice: string): void {
    const { slices } = this.#of(id)
    const at = slices.map((s) => s.slice).lastIndexOf(slice)
    if (at >= 0) this.#cut(id, at)
  }

  #cut(id: number, at: number): void {
    const { slices } = this.#of(id)
    for (let depth = at; depth < slices.length; depth++) this.#close(id, `depth ${depth + 1}`)
    slices.length = at
  }

  #set(id: number, facet: string, value: string): void {
    if (value === '') return this.#clear(id, facet)
    const { facets } = this.#of(id)
    if (facets.get(facet)?.value === value) return
    if (facets.has(facet)) this.#close(id, facet)
    facets.set(facet, { value, count: 1, since: this.#now })
    this.#open(id, facet, value)
  }

  #clear(id: number, facet: string): void {
    if (this.subjects.get(id)?.facets.delete(facet)) this.#close(id, facet)
  }

  #enter(id: number, facet: string, value: string): void {
    const old = this.#of(id).facets.get(facet)
    if (old) old.count++
    else {
      this.#of(id).facets.set(facet, { value, count: 1, since: this.#now })
      this.#open(id, facet, value)
    }
  }

  #leave(id: number, facet: string): void {
    const old = this.subjects.get(id)?.facets.get(facet)
    if (old && --old.count === 0) this.#clear(id, facet)
  }

  #alloc(id: number): void {
    this.#of(id).status = 'alive'
    this.#open(id, 'life', 'alive')
  }

  #free(id: number): void {
    const subject = this.#of(id)
    subject.status = 'freed'
    this.#close(id, 'life')
    for (const facet of [...subject.facets.keys()]) {
      if (!PENDING_FACETS.has(facet)) this.#clear(id, facet)
    }
  }

  #exit(id: number): void {
    const subject = this.#of(id)
    for (const facet of [...subject.facets.keys()]) this.#clear(id, facet)
    this.#cut(id, 0)
  }

  #open(subject: number, row: string, label: string): void {
    this.spans.push({ subject, row, label, start: this.#now, end: -1 })
  }

  #close(subject: number, row: string): void {
    const span = this.spans.findLast((s) => s.subject === subject && s.row === row && s.end < 0)
    if (span) span.end = this.#now
  }

  #of(id: number): NaiveSubject {
    let subject = this.subjects.get(id)
    if (!subject) {
      subject = { status: 'static', facets: new Map(), slices: [], refs: null }
      this.subjects.set(id, subject)
    }
    return subject
  }

  #ref(record: EventRecord, ref: string): number {
    if (ref === '') return 0
    if (ref === '@context') return record.context
    if (ref === '@cpu') return cpuSubject(record.cpu)
    return record.args[this.#field(record, ref)] as number
  }

  #field(record: EventRecord, name: string): number {
    return eventNamed(record.name)!.fields.findIndex((f: { name: string }) => f.name === name)
  }

  #text(record: EventRecord, value: string): string {
    if (value === '@context') return this.#name(record.context)
    if (!value.startsWith('$')) return value
    const index = this.#field(record, value.slice(1))
    const arg = record.args[index]!
    const { type } = eventNamed(record.name)!.fields[index]!
    return type === 'obj' || type === 'ctx' ? this.#name(arg as number) : String(arg)
  }

  #name(id: number): string {
    return id === 0 ? '' : this.#trace.labels.objectName(id)
  }
}
