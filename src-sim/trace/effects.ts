import { assertNever } from '../base/assert'
import type { AnyEvent } from './catalogue'
import type { Cursor } from './cursor'
import { COUNTED } from './declare'
import type { Effect, EffectOp } from './declare'
import { NO_LABEL, objectLabel } from './labels'
import type { Label, Labels } from './labels'
import type { TraceStore } from './store'

/** A subject is an object id, or -(cpu + 1) for a CPU; effects on subject 0 do not happen. */
export const cpuSubject = (cpu: number): number => -(cpu + 1)

/** Receives the effects of each event in order. Facets, slices and flows are named by text. */
export interface EffectSink {
  begin(context: number, slice: string, label: Label): void
  end(context: number, slice: string): void
  set(subject: number, facet: string, value: Label): void
  clear(subject: number, facet: string): void
  enter(subject: number, facet: string, value: Label): void
  leave(subject: number, facet: string): void
  hold(holder: number, held: number, why: Label, counted: boolean): void
  unhold(holder: number, held: number, why: Label, counted: boolean): void
  flowOut(key: number, flow: string): void
  flowIn(key: number, flow: string): void
  alloc(object: number): void
  free(object: number): void
  link(object: number, parent: number): void
  refs(object: number, count: number): void
  rename(object: number, name: Label): void
  exit(subject: number): void
}

const CONTEXT = -1
const CPU = -2
const NONE = -3

type ValueKind = 'label' | 'string' | 'object' | 'enum' | 'number' | 'signed'

interface Compiled {
  readonly op: EffectOp
  readonly subject: number
  readonly target: number
  readonly facet: string
  readonly valueKind: ValueKind
  readonly valueAt: number
  readonly label: Label
  readonly enumLabels: readonly Label[]
}

/** Applies the effects that the catalogue declares, from the words of each event. */
export class Effects {
  /** The label of an object's life. */
  readonly alive: Label
  readonly #byKind: readonly (readonly Compiled[])[]
  readonly #labels: Labels

  constructor(store: TraceStore, labels: Labels) {
    this.#labels = labels
    this.alive = labels.text('alive')
    this.#byKind = store.events.map((event) =>
      event.effects.map((effect: Effect) => compile(event, effect, labels)),
    )
  }

  apply(at: Cursor, sink: EffectSink): void {
    const effects = this.#byKind[at.kind]!
    for (let i = 0; i < effects.length; i++) {
      const effect = effects[i]!
      const subject = select(at, effect.subject)
      if (subject !== 0) this.#one(at, sink, effect, subject)
    }
  }

  #one(at: Cursor, sink: EffectSink, effect: Compiled, subject: number): void {
    switch (effect.op) {
      case 'begin': return sink.begin(subject, effect.facet, this.#value(at, effect))
      case 'end': return sink.end(subject, effect.facet)
      case 'set': return this.#set(at, sink, effect, subject)
      case 'clear': return sink.clear(subject, effect.facet)
      case 'enter': return sink.enter(subject, effect.facet, this.#value(at, effect))
      case 'leave': return sink.leave(subject, effect.facet)
      case 'hold':
      case 'unhold': return this.#hold(at, sink, effect, subject)
      case 'flowOut': return sink.flowOut(subject, effect.facet)
      case 'flowIn': return sink.flowIn(subject, effect.facet)
      case 'alloc': return sink.alloc(subject)
      case 'free': return sink.free(subject)
      case 'link': return sink.link(subject, select(at, effect.target))
      case 'refs': return sink.refs(subject, at.word(effect.valueAt) | 0)
      case 'name': return sink.rename(subject, this.#value(at, effect))
      case 'exit': return sink.exit(subject)
      default: return assertNever(effect.op)
    }
  }

  #set(at: Cursor, sink: EffectSink, effect: Compiled, subject: number): void {
    const value = this.#value(at, effect)
    if (value === NO_LABEL) sink.clear(subject, effect.facet)
    else sink.set(subject, effect.facet, value)
  }

  #hold(at: Cursor, sink: EffectSink, effect: Compiled, subject: number): void {
    const held = select(at, effect.target)
    if (held === 0) return
    const why = this.#value(at, effect)
    const counted = effect.facet === COUNTED
    if (effect.op === 'hold') sink.hold(subject, held, why, counted)
    else sink.unhold(subject, held, why, counted)
  }

  #value(at: Cursor, effect: Compiled): Label {
    switch (effect.valueKind) {
      case 'label': return effect.label
      case 'string': return at.word(effect.valueAt)
      case 'object': return objectLabel(select(at, effect.valueAt))
      case 'enum': return effect.enumLabels[at.word(effect.valueAt)] ?? NO_LABEL
      case 'number': return this.#labels.text(String(at.word(effect.valueAt)))
      case 'signed': return this.#labels.text(String(at.word(effect.valueAt) | 0))
      default: return assertNever(effect.valueKind)
    }
  }
}

function select(at: Cursor, ref: number): number {
  if (ref >= 0) return at.word(ref)
  if (ref === CONTEXT) return at.context
  if (ref === CPU) return cpuSubject(at.cpu)
  return 0
}

function compile(event: AnyEvent, effect: Effect, labels: Labels): Compiled {
  const ref = (name: string): number => {
    if (name === '') return NONE
    if (name === '@context') return CONTEXT
    if (name === '@cpu') return CPU
    return event.offsets[fieldIndex(event, name)]!
  }
  const base = {
    op: effect.op, subject: ref(effect.subject), target: ref(effect.target), facet: effect.facet,
    valueAt: NONE, label: NO_LABEL, enumLabels: [],
  }
  if (effect.value === '@context') return { ...base, valueKind: 'object', valueAt: CONTEXT }
  if (!effect.value.startsWith('$')) {
    return { ...base, valueKind: 'label', label: labels.text(effect.value) }
  }
  const index = fieldIndex(event, effect.value.slice(1))
  const field = event.fields[index]!
  const enumLabels = field.values.map((value: string) => labels.text(value))
  return { ...base, valueKind: valueKind(field.type), valueAt: event.offsets[index]!, enumLabels }
}

function fieldIndex(event: AnyEvent, name: string): number {
  return event.fields.findIndex((field: { name: string }) => field.name === name)
}

function valueKind(type: string): ValueKind {
  if (type === 'str' || type === 'sym') return 'string'
  if (type === 'obj' || type === 'ctx') return 'object'
  if (type === 'enum') return 'enum'
  return type === 'i32' ? 'signed' : 'number'
}
