import { Suspend, type Sim } from '../engine/suspend'

/**
 * Native methods that take callbacks, written as generators so that a callback may suspend. They
 * answer what the native ones answer; holes are skipped where the native ones skip them.
 */
type Callback = (...args: any[]) => unknown
type Any = (...args: any[]) => any

interface List {
  readonly length: number
  [index: number]: unknown
}

function callable(f: unknown): asserts f is Callback {
  if (typeof f !== 'function') throw new TypeError(`${String(f)} is not a function`)
}

function* forEach(this: List, f: Callback, self?: unknown): Sim {
  callable(f)
  const { length } = this
  for (let i = 0; i < length; i++) {
    if (!(i in this)) continue
    const result = f.call(self, this[i], i, this)
    if (result instanceof Suspend) yield result
  }
}

function* map(this: List, f: Callback, self?: unknown): Sim<unknown> {
  callable(f)
  const { length } = this
  const out = create(this, length)
  for (let i = 0; i < length; i++) {
    if (!(i in this)) continue
    const result = f.call(self, this[i], i, this)
    out[i] = result instanceof Suspend ? yield result : result
  }
  return out
}

/** Typed arrays map to their own kind. */
function create(like: List, length: number): unknown[] {
  if (!ArrayBuffer.isView(like)) return new Array<unknown>(length)
  const kind = like.constructor as new (length: number) => unknown
  return new kind(length) as unknown[]
}

function* filter(this: List, f: Callback, self?: unknown): Sim<unknown> {
  callable(f)
  const out: unknown[] = []
  const { length } = this
  for (let i = 0; i < length; i++) {
    if (!(i in this)) continue
    const value = this[i]
    const result = f.call(self, value, i, this)
    if (result instanceof Suspend ? yield result : result) out.push(value)
  }
  if (!ArrayBuffer.isView(this)) return out
  const typed = create(this, out.length)
  out.forEach((value, i) => (typed[i] = value))
  return typed
}

function* some(this: List, f: Callback, self?: unknown): Sim<boolean> {
  callable(f)
  const { length } = this
  for (let i = 0; i < length; i++) {
    if (!(i in this)) continue
    const result = f.call(self, this[i], i, this)
    if (result instanceof Suspend ? yield result : result) return true
  }
  return false
}

function* every(this: List, f: Callback, self?: unknown): Sim<boolean> {
  callable(f)
  const { length } = this
  for (let i = 0; i < length; i++) {
    if (!(i in this)) continue
    const result = f.call(self, this[i], i, this)
    if (!(result instanceof Suspend ? yield result : result)) return false
  }
  return true
}

/** The index of the first (or last) element for which `f` holds, or -1. Holes count. */
function* search(list: List, f: Callback, self: unknown, backwards: boolean): Sim<number> {
  callable(f)
  const { length } = list
  for (let n = 0; n < length; n++) {
    const i = backwards ? length - 1 - n : n
    const result = f.call(self, list[i], i, list)
    if (result instanceof Suspend ? yield result : result) return i
  }
  return -1
}

function* find(this: List, f: Callback, self?: unknown): Sim<unknown> {
  callable(f)
  const { length } = this
  for (let i = 0; i < length; i++) {
    const value = this[i]
    const result = f.call(self, value, i, this)
    if (result instanceof Suspend ? yield result : result) return value
  }
  return undefined
}

function* findLast(this: List, f: Callback, self?: unknown): Sim<unknown> {
  callable(f)
  for (let i = this.length - 1; i >= 0; i--) {
    const value = this[i]
    const result = f.call(self, value, i, this)
    if (result instanceof Suspend ? yield result : result) return value
  }
  return undefined
}

function* findIndex(this: List, f: Callback, self?: unknown): Sim<number> {
  return yield* search(this, f, self, false)
}

function* findLastIndex(this: List, f: Callback, self?: unknown): Sim<number> {
  return yield* search(this, f, self, true)
}

function* fold(list: List, f: Callback, initial: unknown[], backwards: boolean): Sim<unknown> {
  callable(f)
  const { length } = list
  let has = initial.length > 0
  let value = initial[0]
  for (let n = 0; n < length; n++) {
    const i = backwards ? length - 1 - n : n
    if (!(i in list)) continue
    if (!has) {
      has = true
      value = list[i]
      continue
    }
    const result = f(value, list[i], i, list)
    value = result instanceof Suspend ? yield result : result
  }
  if (!has) throw new TypeError('Reduce of empty array with no initial value')
  return value
}

function* reduce(this: List, f: Callback, ...initial: unknown[]): Sim<unknown> {
  return yield* fold(this, f, initial, false)
}

function* reduceRight(this: List, f: Callback, ...initial: unknown[]): Sim<unknown> {
  return yield* fold(this, f, initial, true)
}

function* flatMap(this: List, f: Callback, self?: unknown): Sim<unknown[]> {
  const out: unknown[] = []
  const { length } = this
  callable(f)
  for (let i = 0; i < length; i++) {
    if (!(i in this)) continue
    const result = f.call(self, this[i], i, this)
    const value: unknown = result instanceof Suspend ? yield result : result
    if (Array.isArray(value)) value.forEach((part) => out.push(part))
    else out.push(value)
  }
  return out
}

/** Stable merge sort; the values of equal rank keep their order, as the language demands. */
function* sorted(values: unknown[], compare: Callback): Sim<unknown[]> {
  if (values.length < 2) return values
  const middle = values.length >> 1
  const left: unknown[] = yield* sorted(values.slice(0, middle), compare)
  const right: unknown[] = yield* sorted(values.slice(middle), compare)
  const out: unknown[] = []
  let l = 0
  let r = 0
  while (l < left.length && r < right.length) {
    const result = compare(left[l], right[r])
    const order = Number(result instanceof Suspend ? yield result : result)
    out.push(order > 0 ? right[r++] : left[l++])
  }
  while (l < left.length) out.push(left[l++])
  while (r < right.length) out.push(right[r++])
  return out
}

function* ordered(list: List, compare: Callback): Sim<unknown[]> {
  const defined: unknown[] = []
  let undefinedCount = 0
  for (let i = 0; i < list.length; i++) {
    if (!(i in list)) continue
    if (list[i] === undefined) undefinedCount++
    else defined.push(list[i])
  }
  const out: unknown[] = yield* sorted(defined, compare)
  for (let i = 0; i < undefinedCount; i++) out.push(undefined)
  return out
}

function* sort(this: unknown[], compare?: Callback): Sim<unknown> {
  if (compare === undefined) return this.sort()
  callable(compare)
  const { length } = this
  const out: unknown[] = yield* ordered(this, compare)
  for (let i = 0; i < out.length; i++) this[i] = out[i]
  for (let i = out.length; i < length; i++) delete this[i]
  return this
}

function* toSorted(this: unknown[], compare?: Callback): Sim<unknown[]> {
  if (compare === undefined) return [...this].sort()
  callable(compare)
  return yield* ordered([...this], compare)
}

function* from(source: Iterable<unknown>, f?: Callback, self?: unknown): Sim<unknown[]> {
  const values: unknown[] = Array.from(source)
  if (f === undefined) return values
  callable(f)
  for (let i = 0; i < values.length; i++) {
    const result = f.call(self, values[i], i)
    values[i] = result instanceof Suspend ? yield result : result
  }
  return values
}

function* mapForEach(this: Map<unknown, unknown>, f: Callback, self?: unknown): Sim {
  callable(f)
  for (const [key, value] of this) {
    const result = f.call(self, value, key, this)
    if (result instanceof Suspend) yield result
  }
}

function* setForEach(this: Set<unknown>, f: Callback, self?: unknown): Sim {
  callable(f)
  for (const value of this) {
    const result = f.call(self, value, value, this)
    if (result instanceof Suspend) yield result
  }
}

/** Finds all matches first, then asks for the replacements. */
function* replaced(native: Any, text: string, pattern: unknown, f: unknown): Sim<string> {
  if (typeof f !== 'function') return native.call(text, pattern, f) as string
  const matches: unknown[][] = []
  native.call(text, pattern, (...args: unknown[]) => {
    matches.push(args)
    return ''
  })
  let out = ''
  let end = 0
  for (const args of matches) {
    const hasGroups = typeof args[args.length - 1] === 'object'
    const offset = args[args.length - (hasGroups ? 3 : 2)] as number
    const result: unknown = f(...args)
    out += text.slice(end, offset) + String(result instanceof Suspend ? yield result : result)
    end = offset + (args[0] as string).length
  }
  return out + text.slice(end)
}

function* replace(this: string, pattern: unknown, f: unknown): Sim<string> {
  return yield* replaced(String.prototype.replace, String(this), pattern, f)
}

function* replaceAll(this: string, pattern: unknown, f: unknown): Sim<string> {
  return yield* replaced(String.prototype.replaceAll, String(this), pattern, f)
}

const LIST_TWINS = {
  forEach, map, filter, some, every, find, findLast, findIndex, findLastIndex, reduce, reduceRight,
  sort, toSorted,
}
const TYPED_PROTOTYPE = Object.getPrototypeOf(Uint8Array.prototype) as Record<string, unknown>

function pairs(prototype: object, twins: Record<string, Any>): [unknown, Any][] {
  const natives = prototype as Record<string, unknown>
  return Object.entries(twins).map(([name, twin]): [unknown, Any] => [natives[name], twin])
}

/** The twin of each native function. Hosts without one of them have no twin for it. */
export const TWINS: ReadonlyMap<unknown, Any> = new Map(
  [
    ...pairs(Array.prototype, { ...LIST_TWINS, flatMap }),
    ...pairs(TYPED_PROTOTYPE, LIST_TWINS),
    ...pairs(Array, { from }),
    ...pairs(Map.prototype, { forEach: mapForEach }),
    ...pairs(Set.prototype, { forEach: setForEach }),
    ...pairs(String.prototype, { replace, replaceAll }),
  ].filter(([native]) => native !== undefined),
)
