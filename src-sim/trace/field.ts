import { assert } from '../base/assert'

/**
 * A field is declared as 'name:type' or 'name:type unit'; an enumeration as 'name:one|two|three'.
 *
 *   obj   id of an object in the object table, 0 for none
 *   ctx   id of a context (a task, a softirq ...), which is an object too
 *   str   text, interned          sym   name of a function, interned
 *   u32, i32, hex, bool           whole numbers of one word (`hex` is only shown differently)
 *   u64, addr, ns                 whole numbers of two words: plain, an address, nanoseconds
 *   pos   a source position as engine/position.ts packs it
 */
export const FIELD_TYPES = [
  'obj', 'ctx', 'u32', 'i32', 'hex', 'pos', 'bool', 'str', 'sym', 'enum', 'u64', 'addr', 'ns',
] as const
export type FieldType = (typeof FIELD_TYPES)[number]

/** Index of a type in FIELD_TYPES; the order lets the writer test for groups by comparing. */
export const CODE = {
  obj: 0, ctx: 1, u32: 2, i32: 3, hex: 4, pos: 5, bool: 6, str: 7, sym: 8, enum: 9,
  u64: 10, addr: 11, ns: 12,
} as const satisfies Record<FieldType, number>

export interface Field {
  readonly name: string
  readonly type: FieldType
  readonly unit: string
  /** The values of an enumeration, stored as their index. */
  readonly values: readonly string[]
}

type Split<T extends string> = T extends `${infer A}|${infer B}` ? A | Split<B> : T
type Scalar<T extends string> = T extends `${infer A} ${string}` ? A : T

/** What the emitter passes for a field declared as `Spec`. */
export type ArgOf<Spec extends string> = Spec extends `${string}:${infer T}`
  ? T extends `${string}|${string}`
    ? Split<T>
    : Scalar<T> extends 'str' | 'sym'
      ? string
      : Scalar<T> extends 'bool'
        ? boolean
        : Scalar<T> extends Exclude<FieldType, 'enum'>
          ? number
          : never
  : never

export type ArgsOf<Specs extends readonly string[]> = {
  -readonly [K in keyof Specs]: ArgOf<Specs[K] & string>
}

export type Arg = number | string | boolean

export function parseField(spec: string): Field {
  const colon = spec.indexOf(':')
  assert(colon > 0, `field '${spec}' has no type`)
  const name = spec.slice(0, colon)
  const rest = spec.slice(colon + 1)
  if (rest.includes('|')) return { name, type: 'enum', unit: '', values: rest.split('|') }
  const [type = '', ...unit] = rest.split(' ')
  const known = FIELD_TYPES.includes(type as FieldType) && type !== 'enum'
  assert(known, `field '${spec}': no such type`)
  return { name, type: type as FieldType, unit: unit.join(' '), values: [] }
}

export function fieldSpec(field: Field): string {
  if (field.type === 'enum') return `${field.name}:${field.values.join('|')}`
  return `${field.name}:${field.type}${field.unit ? ` ${field.unit}` : ''}`
}

export const wordsOf = (type: FieldType): number => (CODE[type] >= CODE.u64 ? 2 : 1)
