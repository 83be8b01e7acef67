/**
 * Base of every kernel structure a lab can hold. The hidden fields (names with `$`, which lab code
 * may not spell) carry what C would know from the address: identity, memory state and embedding.
 */
export class KernelObject {
  /** @internal Identity in the trace; 0 until somebody asks. */
  $id = 0
  /** @internal Set when the memory is freed: the record of its allocation. */
  $dead: unknown = undefined
  /** @internal The structure this one is embedded in, and the field's name there. */
  $parent: object | null = null
  /** @internal */
  $field = ''
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
