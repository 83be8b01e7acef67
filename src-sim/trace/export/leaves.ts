import type { AnyEvent } from '../catalogue'
import type { Cursor } from '../cursor'
import { wordsOf } from '../field'
import type { Field } from '../field'
import { prefixOf, type Arguments } from './arguments'

/**
 * What a field is in binary formats, which know numbers and texts only:
 *
 *   text                     UTF-8 of any length
 *   comm                     the name of a task, at most 15 bytes
 *   u32, i32, hex, bool      one word
 *   u64, hex64               two words
 *   choice                   a number that stands for one of `values`
 *   state                    what a task was when it left its CPU, as the bits of Linux
 */
export type LeafKind =
  'text' | 'comm' | 'u32' | 'i32' | 'hex' | 'bool' | 'u64' | 'hex64' | 'choice' | 'state'

/** One column of an event; a context field becomes three: comm, pid and prio. */
export interface Leaf {
  readonly name: string
  readonly kind: LeafKind
  readonly values: readonly string[]
  /** The number; of wide ones the low word. */
  number(at: Cursor): number
  high(at: Cursor): number
  text(at: Cursor): string
}

/** Bits of `prev_state` by letter, as include/trace/events/sched.h makes them. */
const STATE_BITS: Record<string, number> = {
  R: 0, S: 1, D: 2, T: 4, t: 8, X: 0x10, Z: 0x20, P: 0x40, I: 0x80, 'R+': 0x100,
}

const KINDS: Record<Field['type'], LeafKind> = {
  obj: 'text', ctx: 'comm', str: 'text', sym: 'text', u32: 'u32', pos: 'u32', i32: 'i32',
  hex: 'hex', bool: 'bool', enum: 'choice', u64: 'u64', ns: 'u64', addr: 'hex64',
}

/** The columns of an event. `id` is what the format calls the number of a thread. */
export function leavesOf(event: AnyEvent, args: Arguments, id: 'pid' | 'tid'): Leaf[] {
  return event.fields.flatMap((field: Field, i: number) =>
    field.type === 'ctx' ? contextLeaves(event, args, i, id) : [leaf(event, args, i)],
  )
}

function leaf(event: AnyEvent, args: Arguments, i: number): Leaf {
  const { name, type, values } = event.fields[i]!
  const offset = event.offsets[i]!
  const isState = event.name === 'sched_switch' && name === 'prev_state'
  return {
    name,
    kind: isState ? 'state' : KINDS[type as Field['type']],
    values,
    number: isState
      ? (at) => STATE_BITS[values[at.word(offset)]!]!
      : (at) => at.word(offset + wordsOf(type) - 1),
    high: (at) => at.word(offset),
    text: (at) => args.value(at, event, i),
  }
}

function contextLeaves(event: AnyEvent, args: Arguments, i: number, id: string): Leaf[] {
  const prefix = prefixOf(event.fields[i]!.name)
  const offset = event.offsets[i]!
  const column = (name: string, kind: LeafKind, member: 'pid' | 'prio'): Leaf => ({
    name: prefix + name,
    kind,
    values: [],
    number: (at) => args.context(at.word(offset))[member],
    high: () => 0,
    text: (at) => threadName(args, at.word(offset), at.cpu),
  })
  return [column('comm', 'comm', 'pid'), column(id, 'i32', 'pid'), column('prio', 'i32', 'prio')]
}

/** The name of a context; what runs when nothing does is called as in Linux. */
export function threadName(args: Arguments, context: number, cpu: number): string {
  return context === 0 ? `swapper/${cpu}` : args.context(context).comm
}

/** Where the first word of a field is that the event is known to have. */
export function fieldOffset(event: AnyEvent, name: string): number {
  return event.offsets[event.fields.findIndex((field: Field) => field.name === name)]!
}
