import type { AnyEvent } from './catalogue'
import type { Cursor } from './cursor'
import { CODE } from './field'
import type { TraceStore } from './store'
import { timeOf } from './time-search'
import type { EventFilter } from './types'

export type Predicate = (at: Cursor) => boolean

/** Turns a filter into tests on words, so that a million events take milliseconds. */
export function compileFilter(filter: EventFilter, store: TraceStore): Predicate {
  const tests: Predicate[] = []
  const { names, categories, object, context, cpu, fromNs, toNs } = filter
  if (names || categories) {
    const kinds = store.events.map(
      (event) =>
        (!names || names.includes(event.name)) &&
        (!categories || categories.includes(event.category)),
    )
    tests.push((at) => kinds[at.kind]!)
  }
  if (cpu !== undefined) tests.push((at) => at.cpu === cpu)
  if (context !== undefined) tests.push((at) => at.context === context)
  if (fromNs !== undefined) tests.push((at) => at.timeNs >= fromNs)
  if (toNs !== undefined) tests.push((at) => at.timeNs < toNs)
  if (object !== undefined) tests.push(touches(store, object))
  if (filter.text) tests.push(mentions(store, filter.text))
  if (tests.length === 1) return tests[0]!
  return (at) => tests.every((test) => test(at))
}

/** Tests whether an event has the object in one of its fields, or happened in it (a context). */
export function touches(store: TraceStore, object: number): Predicate {
  const offsets = store.events.map((event) => offsetsOf(event, (code) => code <= CODE.ctx))
  const isContext = store.tables.contexts.has(object)
  return (at) => {
    const fields = offsets[at.kind]!
    for (let i = 0; i < fields.length; i++) if (at.word(fields[i]!) === object) return true
    return isContext && at.context === object
  }
}

function mentions(store: TraceStore, text: string): Predicate {
  const wanted = text.toLowerCase()
  const has = (s: string) => s.toLowerCase().includes(wanted)
  const tables = store.tables
  const kinds = store.events.map((event) => has(event.name))
  const strings = new Set<number>()
  tables.strings.forEach((s, id) => has(s) && strings.add(id))
  const objects = new Set<number>()
  tables.objectNames.forEach((name, id) => strings.has(name) && objects.add(id))
  const textFields = store.events.map((e) => offsetsOf(e, (c) => c === CODE.str || c === CODE.sym))
  const objectFields = store.events.map((e) => offsetsOf(e, (c) => c <= CODE.ctx))
  return (at) =>
    kinds[at.kind]! ||
    textFields[at.kind]!.some((offset) => strings.has(at.word(offset))) ||
    objectFields[at.kind]!.some((offset) => objects.has(at.word(offset))) ||
    objects.has(at.context)
}

function offsetsOf(event: AnyEvent, want: (code: number) => boolean): number[] {
  const out: number[] = []
  event.codes.forEach((code: number, i: number) => {
    if (want(code)) out.push(event.offsets[i]!)
  })
  return out
}

const UNIT_NS: Record<string, number> = { ns: 1, us: 1e3, ms: 1e6, s: 1e9 }
const TERM = /^(kind|cat|obj|ctx|cpu|t)\s*(:|>|<)\s*(.+)$/

/**
 * Reads the filter language: terms joined by `&`, each `kind:name`, `cat:name`, `obj:#42`,
 * `ctx:#3`, `cpu:0`, `t>1ms`, `t<2.5s`, or any other text to look for. Answers an error text when
 * a term cannot be read.
 */
export function parseFilter(source: string): EventFilter | string {
  const filter: { -readonly [K in keyof EventFilter]: any } = {}
  for (const term of source.split('&').map((part) => part.trim())) {
    const [, key, sign, value = ''] = TERM.exec(term) ?? []
    if (key === undefined) {
      if (term !== '') filter.text = term
    } else if (key === 'kind') filter.names = [...(filter.names ?? []), ...value.split(',')]
    else if (key === 'cat') filter.categories = [...(filter.categories ?? []), ...value.split(',')]
    else if (key === 't') {
      const ns = parseTime(value)
      if (ns === null || sign === ':') return `'${term}': write a time such as t>1.5ms`
      filter[sign === '>' ? 'fromNs' : 'toNs'] = ns
    } else {
      const number = Number(value.replace(/^#/, ''))
      if (!Number.isInteger(number)) return `'${term}': a number is needed after '${key}:'`
      filter[key === 'obj' ? 'object' : key === 'ctx' ? 'context' : 'cpu'] = number
    }
  }
  return filter
}

function parseTime(text: string): number | null {
  const [, number, unit = 'ns'] = /^([\d.]+)\s*(ns|us|ms|s)?$/.exec(text.trim()) ?? []
  const value = Number(number)
  return number === undefined || Number.isNaN(value) ? null : value * UNIT_NS[unit]!
}

/** Time range of a trace. */
export function rangeOf(store: TraceStore): { fromNs: number; toNs: number } {
  const n = store.length
  if (n === 0) return { fromNs: 0, toNs: 0 }
  return { fromNs: timeOf(store, 0), toNs: timeOf(store, n - 1) }
}
