import { createLibrary } from '../../../src-sim/compiler/library'
import { compileFile, isCompiled, type CompiledFile, type CompileOptions } from '../../../src-sim/compiler'
import type { Runtime } from '../../../src-sim/engine/runtime'
import { LOOP, POINT, Suspend, Suspension } from '../../../src-sim/engine/suspend'

/** What an access to freed memory does in these tests: it ends the run, and nobody can catch it. */
export class Fatal extends Error {}

export interface MiniOptions {
  /** Watch accesses, so that each of them suspends. */
  watch?: boolean
  /** Called at each suspension: other work can be done here. */
  onSuspend?: (suspension: Suspension) => void
  /** Loop turns between two suspensions of a loop. */
  fuel?: number
}

type Stack = Generator<unknown, unknown, unknown>[]

/** The smallest engine that compiled code can run on: one task, no time, no other CPUs. */
export class MiniRuntime implements Runtime {
  p = 0
  readonly dead = new Uint8Array(128)
  readonly Suspend = Suspend
  fuel: number
  watch: boolean
  suspensions = 0
  readonly accesses: string[] = []
  readonly texts = new Map<object, number>()
  readonly adopted: object[] = []
  readonly #options: MiniOptions

  constructor(options: MiniOptions = {}) {
    this.#options = options
    this.watch = options.watch ?? false
    this.fuel = options.fuel ?? 1000
  }

  unloaded(pos: number): never {
    throw new Fatal(`unloaded text at ${pos}`)
  }
  point(operation: object, first: unknown): Suspension {
    POINT.operation = operation
    POINT.object = first
    return POINT
  }
  bad(object: object, field: PropertyKey, write: boolean): void {
    const state = (object as { $dead?: unknown }).$dead
    throw new Fatal(`${write ? 'write' : 'read'} of ${String(field)} in ${String(state)}`)
  }
  access(_object: unknown, field: PropertyKey, write: boolean): Suspension {
    this.accesses.push(`${write ? 'write' : 'read'} ${String(field)}`)
    return this.point(this.access, field)
  }
  missing(): undefined {
    return undefined
  }
  index(object: unknown, index: unknown, write: boolean): void {
    if (!ArrayBuffer.isView(object)) return
    throw new Fatal(`${write ? 'write' : 'read'} out of bounds at ${String(index)}`)
  }
  burn(): Suspension {
    this.fuel = this.#options.fuel ?? 1000
    return LOOP
  }
  made<T>(object: T): T {
    this.adopted.push(object as object)
    return object
  }
  text<F extends object>(f: F, pos: number): F {
    this.texts.set(f, pos)
    return f
  }
  atomic<T>(result: unknown): T {
    return (result instanceof Suspend ? this.drive(result as never) : result) as T
  }
  fatal(error: unknown): boolean {
    return error instanceof Fatal
  }

  /** Runs `f` and whatever it calls to the end. */
  run<T>(f: (...args: any[]) => T, ...args: unknown[]): T {
    return this.atomic<T>(f(...args))
  }

  drive(first: Generator<unknown, unknown, unknown>): unknown {
    if (first instanceof Suspension) return undefined
    const stack: Stack = [first]
    let value: unknown
    let thrown: { error: unknown } | null = null
    while (stack.length > 0) {
      const top = stack[stack.length - 1]!
      try {
        const step: IteratorResult<unknown, unknown> = thrown ? top.throw(thrown.error) : top.next(value)
        thrown = null
        value = undefined
        if (step.done) {
          stack.pop()
          value = step.value
        } else if (step.value instanceof Suspension) this.#suspended(step.value)
        else stack.push(step.value as Stack[number])
      } catch (error) {
        thrown = { error }
        stack.pop()
      }
    }
    if (thrown) throw thrown.error
    return value
  }

  #suspended(suspension: Suspension): void {
    this.suspensions++
    const here = this.p
    this.#options.onSuspend?.(suspension)
    this.p = here === 0 ? 0 : 1
  }
}

type Imports = Record<string, object>

export function load(compiled: CompiledFile, runtime: Runtime, imports: Imports = {}): Record<string, any> {
  const exports: Record<string, any> = {}
  const instantiate = (0, eval)(compiled.code) as (...args: unknown[]) => void
  instantiate(runtime, imports, exports, createLibrary(runtime, compiled.path))
  return exports
}

/** Compiles text that must be right. */
export function compiled(text: string, options: CompileOptions = {}): CompiledFile {
  const result = compileFile({ path: 'driver.ts', text, index: 3, kind: 'driver' }, options)
  if (!isCompiled(result)) throw new Error(JSON.stringify(result.errors))
  return result
}

/** The messages for text that must be wrong, each with its place. */
export function messages(text: string, options: CompileOptions = {}): string[] {
  const result = compileFile({ path: 'driver.ts', text, index: 3, kind: 'driver' }, options)
  return isCompiled(result) ? [] : result.errors.map((e) => `${e.line}:${e.column} ${e.message}`)
}

/** Compiles and loads `text`, then runs its export `main`. */
export function runMain(text: string, options: MiniOptions = {}, imports: Imports = {}): unknown {
  const runtime = new MiniRuntime(options)
  const { main } = load(compiled(text), runtime, imports)
  return runtime.run(main as () => unknown)
}
