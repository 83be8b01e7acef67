import type { Runtime } from '../engine/runtime'
import { columnOf, lineOf } from '../engine/position'
import { dropInPlace } from '../kernel/rust/drop'
import { MAKERS, SIZED, tooLarge } from './limits'
import { TWINS } from './twins'

/**
 * What compiled code knows as `$lib`: replacements for native functions that would call lab code
 * without letting it suspend, or that could ask for more memory than a lab may have.
 */
export interface Library {
  /** The replacement for a function about to be called, or the function itself. */
  callee(f: unknown): unknown
  /** The same for something about to be constructed. */
  maker(f: unknown): unknown
  /** Copies getters onto the object that importers see. */
  exports(target: object, getters: object): void
  /** What happens to a `using` variable at the end of its block. */
  drop(value: unknown): unknown
  /** This exception ends the task here and now, as a panic or an oops does: nothing is dropped. */
  panics(error: unknown): boolean
}

/** One for each loaded file; `path` is for messages. */
export function createLibrary(runtime: Runtime, path: string): Library {
  const place = (): string => `${path}:${lineOf(runtime.p)}:${columnOf(runtime.p)}`
  const made = new Map<Make, Any>()
  const make = (how: Make): Any => {
    let replacement = made.get(how)
    if (replacement === undefined) made.set(how, (replacement = how(place, runtime)))
    return replacement
  }
  const replaced = (table: ReadonlyMap<unknown, Make>, f: unknown): unknown => {
    const how = table.get(f)
    return how === undefined ? f : make(how)
  }
  return {
    callee: (f) => replaced(CALLEES, f),
    maker: (f) => replaced(CONSTRUCTORS, f),
    exports: (target, getters) => {
      Object.defineProperties(target, Object.getOwnPropertyDescriptors(getters))
    },
    drop: dropInPlace,
    panics: (error) => error instanceof Error || runtime.fatal(error),
  }
}

/** From here on an allocation is worth noting: a few hundred of them are all a lab may have. */
const LARGE_BYTES = 1024 * 1024

/** Refuses what is far too large, and leaves word of what may add up to too much. */
function spend(bytes: number, place: () => string, runtime: Runtime): void {
  tooLarge(bytes, place)
  if (bytes >= LARGE_BYTES) runtime.looping?.(runtime.p)
}

type Any = (...args: any[]) => any
type Size = (self: any, args: any[]) => number

function sized(native: Any, size: Size, place: () => string, runtime: Runtime): Any {
  return function limitedCall(this: unknown, ...args: unknown[]) {
    spend(size(this, args), place, runtime)
    return native.apply(this, args)
  }
}

function maker(native: Any, size: Size, place: () => string, runtime: Runtime): Any {
  return function limitedMaker(...args: unknown[]) {
    spend(size(undefined, args), place, runtime)
    return Reflect.construct(native, args)
  }
}

/** JSON walks by itself: what it calls runs to its end. */
function atomically(runtime: Runtime, f: unknown): any {
  if (typeof f !== 'function') return f
  return function (this: unknown, key: string, value: unknown): unknown {
    const result: unknown = f.call(this, key, value)
    return result instanceof runtime.Suspend ? runtime.atomic(result) : result
  }
}

/** Makes the replacement of a native function for one file; most files never need any. */
type Make = (place: () => string, runtime: Runtime) => Any

const CONSTRUCTORS: ReadonlyMap<unknown, Make> = new Map(
  MAKERS.map(([native, size]) => [native, (place, runtime) => maker(native, size, place, runtime)]),
)

const CALLEES: ReadonlyMap<unknown, Make> = new Map<unknown, Make>([
  ...CONSTRUCTORS,
  ...[...TWINS].map(([native, twin]): [unknown, Make] => [native, () => twin]),
  ...SIZED.map(([native, size]): [unknown, Make] => [
    native,
    (place, runtime) => sized(TWINS.get(native) ?? native, size, place, runtime),
  ]),
  [
    JSON.parse,
    (_place, runtime) => (text: string, reviver?: unknown) =>
      JSON.parse(text, atomically(runtime, reviver)),
  ],
  [
    JSON.stringify,
    (_place, runtime) => (value: unknown, replacer?: unknown, space?: number) =>
      JSON.stringify(value, atomically(runtime, replacer), space),
  ],
])
