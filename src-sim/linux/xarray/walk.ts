import { kernelCall, quiet } from '../../kernel/api'
import * as x from '../../kernel/lib/xarray'
import type { xarray as Xarray } from '../../kernel/lib/xarray'
import type { ptr } from '../types'

/** Looking through an array, marks, and entries that are numbers. Part of `linux/xarray`. */

export const xa_empty = kernelCall('xa_empty', (xa: Xarray): boolean => xa.$entries.size === 0)
/** Forgets all entries; what they point to is the caller's. */
export const xa_destroy = kernelCall('xa_destroy', x.clearXarray)

export const xa_set_mark = kernelCall('xa_set_mark', (
  xa: Xarray, index: number, mark: number,
): void => {
  if (xa.$entries.has(index)) xa.$marks[mark]!.add(index)
})
export const xa_clear_mark = kernelCall(
  'xa_clear_mark',
  (xa: Xarray, index: number, mark: number): void => {
    xa.$marks[mark]!.delete(index)
  },
)
export const xa_get_mark = kernelCall(
  'xa_get_mark',
  (xa: Xarray, index: number, mark: number): boolean => xa.$marks[mark]!.has(index),
)
/** Whether any entry bears the mark. */
export const xa_marked = kernelCall('xa_marked', (xa: Xarray, mark: number): boolean =>
  xa.$marks[mark]!.size > 0,
)

function find(xa: Xarray, index: ptr<number>, max: number, mark: number): unknown {
  const found = x.nextIndex(xa, index.value, max, mark)
  if (found < 0) return null
  index.value = found
  return x.loadAt(xa, found)
}
/** The first entry from `index` on (which is moved there), up to `max`; null when there is none. */
export const xa_find = kernelCall(
  'xa_find',
  (xa: Xarray, index: ptr<number>, max: number, mark: number): any => find(xa, index, max, mark),
)
/** The same behind `index`. */
export const xa_find_after = kernelCall(
  'xa_find_after',
  (xa: Xarray, index: ptr<number>, max: number, mark: number): any => {
    const from = { value: index.value + 1 }
    const entry = find(xa, from, max, mark)
    if (entry !== null) index.value = from.value
    return entry
  },
)

/** Asks for the next entry each time: the body may change the array. */
class XarrayWalk implements Iterable<[number, any]>, Iterator<[number, any]> {
  readonly #xa: Xarray
  readonly #mark: number
  readonly #max: number
  #next: number

  constructor(xa: Xarray, start: number, max: number, mark: number) {
    this.#xa = xa
    this.#next = start
    this.#max = max
    this.#mark = mark
  }

  [Symbol.iterator](): Iterator<[number, any]> {
    return this
  }

  next(): IteratorResult<[number, any]> {
    const index = x.nextIndex(this.#xa, this.#next, this.#max, this.#mark)
    if (index < 0) return { done: true, value: undefined }
    this.#next = index + 1
    return { done: false, value: [index, x.loadAt(this.#xa, index)] }
  }
}
/** All entries in order: `for (const [index, entry] of xa_for_each(xa))`. */
export const xa_for_each = quiet((xa: Xarray): Iterable<[number, any]> =>
  new XarrayWalk(xa, 0, x.INDEX_MAX, -1),
)
export const xa_for_each_start = quiet((xa: Xarray, start: number): Iterable<[number, any]> =>
  new XarrayWalk(xa, start, x.INDEX_MAX, -1),
)
export const xa_for_each_range = quiet(
  (xa: Xarray, start: number, last: number): Iterable<[number, any]> =>
    new XarrayWalk(xa, start, last, -1),
)
export const xa_for_each_marked = quiet((xa: Xarray, mark: number): Iterable<[number, any]> =>
  new XarrayWalk(xa, 0, x.INDEX_MAX, mark),
)

/** A number as an entry. */
export const xa_mk_value = quiet((v: number): unknown => Object.freeze({ value: v }))
export const xa_to_value = quiet((entry: unknown): number => (entry as { value: number }).value)
export const xa_is_value = quiet(
  (entry: unknown): boolean =>
    entry !== null && typeof entry === 'object' && Object.isFrozen(entry) && 'value' in entry,
)
/** An entry that stands for an error; operations here never answer one. */
export const xa_is_err = quiet((_entry: unknown): boolean => false)
export const xa_err = quiet((_entry: unknown): number => 0)
