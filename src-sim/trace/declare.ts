import { assert } from '../base/assert'
import { hashText } from '../base/random'
import { CODE, fieldSpec, parseField, wordsOf } from './field'
import type { Arg, ArgsOf, Field } from './field'

/** The subsystem an event belongs to: gives lanes, colours and filters their groups. */
export const CATEGORIES = [
  'object', 'sched', 'irq', 'timer', 'workqueue', 'lock', 'rcu', 'mm', 'module', 'device', 'dma',
  'iommu', 'hardware', 'dma-buf', 'fs', 'rust', 'lab',
] as const
export type Category = (typeof CATEGORIES)[number]

/**
 * What an event means for the model that readers fold from the trace. A subject is the name of an
 * `obj` or `ctx` field, or '@context' or '@cpu' for where the event happened. A value is plain
 * text, or '$name' for the value of a field, or '@context'.
 *
 *   begin/end      a slice on the lane of the context; slices nest, `label` is what is shown
 *   set/clear      a facet of an object ('state', 'queued', 'armed' ...): one value at a time
 *   enter/leave    the same with a count: cleared when it was left as often as it was entered
 *   hold/unhold    an edge "`subject` holds `target` because of `value`", counted; made by `pin`
 *                  it stands for one of the references that `refs` of the target counts
 *   flowOut/flowIn an arrow from this event to the next one that takes the same flow in
 *   alloc/free     the life of an object; link: its parent; refs: its reference count; name: its
 *                  name
 *   exit           the context is over: all its slices and facets end
 */
export type EffectOp =
  | 'begin' | 'end' | 'set' | 'clear' | 'enter' | 'leave' | 'hold' | 'unhold'
  | 'flowOut' | 'flowIn' | 'alloc' | 'free' | 'link' | 'refs' | 'name' | 'exit'

export interface Effect {
  readonly op: EffectOp
  readonly subject: string
  /** Facet, slice or flow name. */
  readonly facet: string
  readonly target: string
  readonly value: string
}

/**
 * Facets that say "something may still come to this object". They outlive the object's memory, so
 * that a reader sees what dangles; all other facets end when the object is freed.
 */
export const PENDING_FACETS: ReadonlySet<string> = new Set([
  'queued', 'delayed', 'armed', 'running', 'thread running', 'held', 'rcu pending', 'mapped',
  'open',
  'registered', 'in use', 'driver',
])

/** The facet of edges that are counted references. */
export const COUNTED = 'counted'

function effect(op: EffectOp, subject: string, facet = '', value = '', target = ''): Effect {
  return { op, subject, facet, value, target }
}

export const begin = (slice: string, label = slice): Effect =>
  effect('begin', '@context', slice, label)
export const end = (slice: string): Effect => effect('end', '@context', slice)
export const set = (subject: string, facet: string, value = facet): Effect =>
  effect('set', subject, facet, value)
export const clear = (subject: string, facet: string): Effect => effect('clear', subject, facet)
export const enter = (subject: string, facet: string, value = facet): Effect =>
  effect('enter', subject, facet, value)
export const leave = (subject: string, facet: string): Effect => effect('leave', subject, facet)
export const hold = (holder: string, held: string, why: string): Effect =>
  effect('hold', holder, '', why, held)
export const unhold = (holder: string, held: string, why: string): Effect =>
  effect('unhold', holder, '', why, held)
/** As `hold`, and the edge is one of the references that the count of `held` is made of. */
export const pin = (holder: string, held: string, why: string): Effect =>
  effect('hold', holder, COUNTED, why, held)
export const unpin = (holder: string, held: string, why: string): Effect =>
  effect('unhold', holder, COUNTED, why, held)
export const flowOut = (flow: string, key: string): Effect => effect('flowOut', key, flow)
export const flowIn = (flow: string, key: string): Effect => effect('flowIn', key, flow)
export const alloc = (subject: string): Effect => effect('alloc', subject)
export const free = (subject: string): Effect => effect('free', subject)
export const link = (subject: string, parent: string): Effect =>
  effect('link', subject, '', '', parent)
export const refs = (subject: string, count: string): Effect =>
  effect('refs', subject, '', `$${count}`)
export const name = (subject: string, text: string): Effect =>
  effect('name', subject, '', `$${text}`)
export const exit = (subject: string): Effect => effect('exit', subject)

/** A declared event. `args` exists in the type only: it tells `emit` what must be passed. */
export interface EventType<Args extends readonly Arg[] = readonly Arg[]> {
  readonly name: string
  readonly category: Category
  readonly doc: string
  readonly fields: readonly Field[]
  readonly effects: readonly Effect[]
  readonly codes: Uint8Array
  /** Index of each field's first word among the event's words. */
  readonly offsets: Uint8Array
  readonly words: number
  readonly enums: readonly (ReadonlyMap<string, number> | null)[]
  /** Stands for the name in the trace hash, so that new events do not change old hashes. */
  readonly hash: number
  /** Place in the catalogue, given by catalogue.ts. */
  kind: number
  readonly args?: Args
}

export const FIELDS_MAX = 8

/**
 * Declares an event. This is all there is to do: the writer, the readers, the exporters, the
 * timeline and the documentation derive from the declaration.
 */
export function event<const Specs extends readonly string[]>(
  eventName: string,
  category: Category,
  doc: string,
  specs: Specs,
  effects: readonly Effect[] = [],
): EventType<ArgsOf<Specs>> {
  const fields = specs.map(parseField)
  assert(fields.length <= FIELDS_MAX, `event ${eventName}: more than ${FIELDS_MAX} fields`)
  const offsets = new Uint8Array(fields.length)
  let words = 0
  fields.forEach((field, i) => {
    offsets[i] = words
    words += wordsOf(field.type)
  })
  for (const e of effects) checkEffect(eventName, fields, e)
  return {
    name: eventName,
    category,
    doc,
    fields,
    effects,
    codes: Uint8Array.from(fields, (field) => CODE[field.type]),
    offsets,
    words,
    enums: fields.map((field) =>
      field.type === 'enum' ? new Map(field.values.map((value, i) => [value, i])) : null,
    ),
    hash: hashText(`${eventName}(${fields.map(fieldSpec).join()})`) | 0,
    kind: -1,
  }
}

function checkEffect(eventName: string, fields: readonly Field[], e: Effect): void {
  const known = (ref: string) =>
    ref === '' || ref === '@context' || ref === '@cpu' || fields.some((field) => field.name === ref)
  const value = e.value.startsWith('$') ? e.value.slice(1) : ''
  const ok = known(e.subject) && known(e.target) && known(value)
  assert(ok, `event ${eventName}: effect '${e.op}' names a field that is not there`)
}
