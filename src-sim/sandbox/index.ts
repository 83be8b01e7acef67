import 'ses'
import { assert } from '../base/assert'
import type { CompiledFile } from '../compiler'
import { createLibrary, type Library } from '../compiler/library'
import type { Runtime } from '../engine/runtime'
import { isPrepared } from './realm'

export { prepareRealm } from './realm'
export { hardenApi } from './harden-api'

/** Runs the top level of a file. `library` defaults to a fresh one for `runtime`. */
export type Instantiate = (
  runtime: Runtime, imports: Record<string, unknown>, exports: object, library?: Library,
) => void

type Body = (runtime: Runtime, imports: object, exports: object, library: Library) => void

/** A place where lab code sees the language and what it is given, and nothing of the host. */
export interface Sandbox {
  /** The same compiled file gives the same function: machines share its code. */
  evaluate(compiled: CompiledFile): Instantiate
}

/** Globals that would let two runs differ, or let code make code. The rest is the language. */
const WITHHELD = [
  'Function', 'eval', 'Promise', 'Proxy', 'Date', 'Compartment', 'harden', 'lockdown',
]

export function createSandbox(): Sandbox {
  assert(isPrepared(), 'the realm must be prepared before a sandbox is made')
  const compartment = new Compartment({ __options__: true, name: 'lab' } as never)
  const globals = compartment.globalThis as Record<string, unknown>
  for (const name of WITHHELD) {
    Object.defineProperty(globals, name, { value: undefined, writable: false, configurable: false })
  }
  // Unfrozen, each use of a global would be looked up by name at run time, 200 times slower.
  Object.freeze(globals)
  const known = new WeakMap<CompiledFile, Instantiate>()
  return {
    evaluate(compiled) {
      let instantiate = known.get(compiled)
      if (!instantiate) known.set(compiled, (instantiate = prepare(compartment, compiled)))
      return instantiate
    },
  }
}

function prepare(compartment: Compartment, compiled: CompiledFile): Instantiate {
  const text = `${compiled.code}\n//# sourceURL=${compiled.path.replace(/\s/g, '_')}`
  // The compiler has refused real uses; what is left is methods with that name.
  const body = compartment.evaluate(text, {
    __rejectSomeDirectEvalExpressions__: false,
  } as never) as Body
  return (runtime, imports, exports, library = createLibrary(runtime, compiled.path)) =>
    body(runtime, imports, exports, library)
}
