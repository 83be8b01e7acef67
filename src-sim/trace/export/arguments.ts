import type { AnyEvent } from '../catalogue'
import type { Cursor } from '../cursor'
import { CODE } from '../field'
import type { Field } from '../field'
import type { TraceStore } from '../store'
import type { Trace } from '../trace'

/** The two words of a wide value as a hexadecimal number. */
export function hexWide(high: number, low: number): string {
  return high === 0 ? `0x${low.toString(16)}` : `0x${high.toString(16)}${hex8(low)}`
}

const hex8 = (n: number): string => n.toString(16).padStart(8, '0')

/**
 * Names and values of the fields of events, as Linux prints them: a context field becomes comm, pid
 * and prio. Text that is needed again and again is made once.
 */
export class Arguments {
  readonly #store: TraceStore
  readonly #trace: Trace
  readonly #json: string[] = []
  readonly #objects: string[] = []
  readonly #keys: readonly (readonly string[])[]

  constructor(trace: Trace) {
    this.#trace = trace
    this.#store = trace.store
    this.#keys = trace.store.events.map((event) =>
      event.fields.map((field: Field) => JSON.stringify(field.name)),
    )
  }

  /** `"a":1,"b":"text"`: the members of a JSON object, without braces. */
  members(at: Cursor): string {
    const event = this.#store.events[at.kind]!
    const keys = this.#keys[at.kind]!
    let out = ''
    for (let i = 0; i < keys.length; i++) {
      if (i > 0) out += ','
      if (event.codes[i] === CODE.ctx) {
        out += this.#contextMembers(event.fields[i]!.name, at, event, i)
      }
      else out += `${keys[i]}:${this.#jsonValue(at, event, i)}`
    }
    return out
  }

  /** `a=1 b=text`, as trace events are printed. */
  text(at: Cursor): string {
    const event = this.#store.events[at.kind]!
    return event.fields
      .map((field: Field, i: number) =>
        field.type === 'ctx'
          ? this.contextText(at.word(event.offsets[i]!), prefixOf(field.name))
          : `${field.name}=${this.value(at, event, i)}`,
      )
      .join(' ')
  }

  contextText(id: number, prefix: string): string {
    const { comm, pid, prio } = this.context(id)
    return `${prefix}comm=${comm} ${prefix}pid=${pid} ${prefix}prio=${prio}`
  }

  context(id: number): { comm: string; pid: number; prio: number } {
    return this.#store.tables.contexts.get(id) ?? { comm: 'boot', pid: 0, prio: 120 }
  }

  /** The value of one field as text. */
  value(at: Cursor, event: AnyEvent, field: number): string {
    const offset = event.offsets[field]!
    const word = at.word(offset)
    switch (event.fields[field]!.type) {
      case 'obj':
      case 'ctx': return this.object(word)
      case 'i32': return String(word | 0)
      case 'hex': return `0x${word.toString(16)}`
      case 'str':
      case 'sym': return this.#store.tables.strings[word]!
      case 'enum': return event.fields[field]!.values[word] ?? String(word)
      case 'bool': return word === 0 ? '0' : '1'
      case 'addr': return hexWide(word, at.word(offset + 1))
      case 'u64':
      case 'ns': return String(at.wide(offset))
      default: return String(word)
    }
  }

  /** `name#id`, `type#id` when it has no name, empty for none. */
  object(id: number): string {
    return (this.#objects[id] ??= this.#objectText(id))
  }

  /** A string of the table as JSON. */
  string(id: number): string {
    return (this.#json[id] ??= JSON.stringify(this.#store.tables.strings[id]!))
  }

  #objectText(id: number): string {
    if (id === 0) return ''
    const name = this.#trace.labels.objectName(id)
    return name.endsWith(`#${id}`) ? name : `${name}#${id}`
  }

  #contextMembers(name: string, at: Cursor, event: AnyEvent, field: number): string {
    const { comm, pid, prio } = this.context(at.word(event.offsets[field]!))
    const prefix = prefixOf(name)
    return `"${prefix}comm":${JSON.stringify(comm)},"${prefix}pid":${pid},"${prefix}prio":${prio}`
  }

  #jsonValue(at: Cursor, event: AnyEvent, field: number): string {
    const offset = event.offsets[field]!
    switch (event.codes[field]) {
      case CODE.u32:
      case CODE.pos: return String(at.word(offset))
      case CODE.i32: return String(at.word(offset) | 0)
      case CODE.bool: return at.word(offset) === 0 ? 'false' : 'true'
      case CODE.str:
      case CODE.sym: return this.string(at.word(offset))
      case CODE.u64:
      case CODE.ns: return String(at.wide(offset))
      default: return JSON.stringify(this.value(at, event, field))
    }
  }
}

/** Linux calls the fields of "the" task just comm and pid, those of others prev_comm and so on. */
export const prefixOf = (field: string): string => (field === 'task' ? '' : `${field}_`)
