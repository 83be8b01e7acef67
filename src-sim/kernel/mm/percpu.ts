import { machine, now } from '../../engine/current'
import { hidden, KernelObject } from '../../engine/object'
import { markAccess } from '../locking/access'
import { slab } from './slab'

/** What a per-CPU variable holds: a structure for each CPU, or a number for each CPU. */
export class percpu<T> extends KernelObject {
  /** @internal */
  readonly $each: { value: T }[]

  constructor(each: { value: T }[]) {
    super()
    this.$each = each
    each.forEach(({ value }, cpu) => {
      if (value === null || typeof value !== 'object') return
      hidden(value).$parent = this
      hidden(value).$field = `cpu${cpu}`
    })
  }
}

/** One for each CPU: made by a class, or a number to begin with. */
export function makePercpu<T>(what: (new () => T) | T): percpu<T> {
  const make = typeof what === 'function' ? (): T => new (what as new () => T)() : (): T => what
  return new percpu(machine().cpus.map(() => ({ value: make() })))
}

const CHUNK_BYTES = 64

export function allocPercpu<T>(what: (new () => T) | T): percpu<T> | null {
  return slab(machine()).alloc(makePercpu(what), CHUNK_BYTES, 'percpu')
}

export const ofCpu = <T>(data: percpu<T>, cpu: number): T => data.$each[cpu]!.value
export const ofThisCpu = <T>(data: percpu<T>): T => ofCpu(data, now.cpu?.id ?? 0)

/** The place of a per-CPU number, or of a field of a per-CPU structure, of this CPU. */
interface Place {
  object: object
  field: string
}

function placeOf(data: percpu<unknown>, field: string | null): Place {
  const slot = data.$each[now.cpu?.id ?? 0]!
  if (field === null) return { object: slot, field: 'value' }
  return { object: slot.value as object, field }
}

/** Reads, computes and writes in one go, as one instruction that interrupts cannot split. */
export function changeThisCpu(
  data: percpu<unknown>,
  field: string | null,
  compute: (old: number) => number,
): number {
  const { object, field: key } = placeOf(data, field)
  markAccess(object, key, true)
  const fields = object as Record<string, number>
  const old = fields[key]!
  fields[key] = compute(old)
  return old
}

export function readThisCpu<V>(data: percpu<unknown>, field: string | null): V {
  const { object, field: key } = placeOf(data, field)
  markAccess(object, key, false)
  return (object as Record<string, V>)[key]!
}

export function writeThisCpu(data: percpu<unknown>, field: string | null, value: unknown): void {
  const { object, field: key } = placeOf(data, field)
  markAccess(object, key, true)
  ;(object as Record<string, unknown>)[key] = value
}
