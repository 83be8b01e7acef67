import type { Runtime } from '../engine/runtime'
import { columnOf, lineOf } from '../engine/position'
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
}

/** One for each loaded file; `path` is for messages. */
export function createLibrary(runtime: Runtime, path: string): Library {
  const place = (): string => `${path}:${lineOf(runtime.p)}:${columnOf(runtime.p)}`
  const limited = new Map<unknown, unknown>()
  for (const [native, size] of SIZED) {
    limited.set(native, sized(TWINS.get(native) ?? native, size, place))
  }
  const makers = new Map<unknown, unknown>()
  for (const [native, size] of MAKERS) makers.set(native, maker(native, size, place))
  for (const [native, twin] of TWINS) if (!limited.has(native)) limited.set(native, twin)
  for (const [native, replacement] of jsonTwins(runtime)) limited.set(native, replacement)
  return {
    callee: (f) => limited.get(f) ?? makers.get(f) ?? f,
    maker: (f) => makers.get(f) ?? f,
    exports: (target, getters) => {
      Object.defineProperties(target, Object.getOwnPropertyDescriptors(getters))
    },
  }
}

type Any = (...args: any[]) => any
type Size = (self: any, args: any[]) => number

function sized(native: Any, size: Size, place: () => string): Any {
  return function limitedCall(this: unknown, ...args: unknown[]) {
    tooLarge(size(this, args), place)
    return native.apply(this, args)
  }
}

function maker(native: Any, size: Size, place: () => string): Any {
  return function limitedMaker(...args: unknown[]) {
    tooLarge(size(undefined, args), place)
    return Reflect.construct(native, args)
  }
}

/** JSON walks by itself: what it calls runs to its end. */
function jsonTwins(runtime: Runtime): [unknown, Any][] {
  const atomically = (f: unknown): unknown =>
    typeof f !== 'function' ? f : function (this: unknown, key: string, value: unknown) {
      const result: unknown = f.call(this, key, value)
      return result instanceof runtime.Suspend ? runtime.atomic(result) : result
    }
  return [
    [JSON.parse, (text: string, reviver?: unknown) => JSON.parse(text, atomically(reviver) as Any)],
    [JSON.stringify, (value: unknown, replacer?: unknown, space?: number) =>
      JSON.stringify(value, atomically(replacer) as Any, space)],
  ]
}
