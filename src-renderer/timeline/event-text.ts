import { columnOf, fileOf, lineOf } from '../../src-sim/engine/position'
import type { ArgValue, EventRecord } from '../../src-sim/trace/types'
import { formatCount } from '../workbench/format'
import type { EventsAnswer, FieldInfo } from './queries'
import { duration } from './ruler'

export interface FieldLine {
  name: string
  value: string
  /** The object that is the value, 0 for none. */
  object: number
}

export interface Place {
  file: string
  line: number
  column: number
}

/** The fields of an event in words, with units and names instead of numbers. */
export function eventLines(record: EventRecord, page: Pick<EventsAnswer, 'fields' | 'objects' | 'files'>): FieldLine[] {
  const fields = page.fields[record.name] ?? []
  const lines = fields.map((field, i) => fieldLine(field, record.args[i], page))
  return lines.filter((line) => line.value !== '')
}

function fieldLine(field: FieldInfo, value: ArgValue | undefined, page: Pick<EventsAnswer, 'objects' | 'files'>): FieldLine {
  const isObject = field.type === 'obj' || field.type === 'ctx'
  const object = isObject && typeof value === 'number' ? value : 0
  return { name: field.name, value: valueText(field, value, page), object }
}

function valueText(field: FieldInfo, value: ArgValue | undefined, page: Pick<EventsAnswer, 'objects' | 'files'>): string {
  if (value === undefined || value === '') return ''
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  if (typeof value === 'string') return value
  switch (field.type) {
    case 'obj':
    case 'ctx':
      return value === 0 ? '' : objectText(value, page)
    case 'hex':
    case 'addr':
      return `0x${value.toString(16)}`
    case 'ns':
      return duration(value)
    case 'pos':
      return value === 0 ? '' : `${page.files[fileOf(value)] ?? '?'}:${lineOf(value)}`
    default:
      return field.unit ? `${formatCount(value)} ${field.unit}` : String(value)
  }
}

export function objectText(id: number, page: Pick<EventsAnswer, 'objects'>): string {
  const object = page.objects[id]
  if (!object) return `#${id}`
  return object.name ? `${object.name} #${id}` : `${object.type} #${id}`
}

/** Where in the lab's sources an event happened. */
export function placeOf(record: EventRecord, page: Pick<EventsAnswer, 'files'>): Place | null {
  if (record.position === 0) return null
  const file = page.files[fileOf(record.position)]
  return file === undefined ? null : { file, line: lineOf(record.position), column: columnOf(record.position) }
}

/** One line for an event: its fields as `name=value`. */
export function eventSummary(record: EventRecord, page: Pick<EventsAnswer, 'fields' | 'objects' | 'files'>): string {
  return eventLines(record, page).map((line) => `${line.name}=${line.value}`).join('  ')
}
