/**
 * Base of every kernel structure a lab can hold. The hidden fields (names with `$`, which lab code
 * may not spell) carry what C would know from the address: identity, memory state and embedding.
 */
export class KernelObject {
  /** @internal Identity in the trace; 0 until somebody asks. */
  declare $id: number
  /** @internal Set when the memory is freed: the record of its allocation. */
  declare $dead: unknown
  /** @internal The structure this one is embedded in, and the field's name there. */
  declare $parent: object | null
  /** @internal */
  declare $field: string

  /** Assigned, not declared as fields: hosts define fields slowly where many classes share them. */
  constructor() {
    this.$id = 0
    this.$dead = undefined
    this.$parent = null
    this.$field = ''
  }
}

/** What every object of a lab may carry; plain objects get these on demand. */
export interface Hidden {
  $id?: number
  $dead?: unknown
  $parent?: object | null
  $field?: string
  /** The allocation this object starts, when it was allocated by itself. */
  $alloc?: unknown
}

export const hidden = (object: object): Hidden => object as Hidden

/** The outermost structure that `object` is embedded in (itself when it is not embedded). */
export function outermost(object: object): object {
  let o = object
  for (let up = hidden(o).$parent; up; up = hidden(o).$parent) o = up
  return o
}
