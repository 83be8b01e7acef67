import { assert, SimBug } from '../base/assert'
import { TaskDeath } from './exec'
import type { Footprint } from './footprint'
import type { Machine } from './machine'
import { FILES_MAX, fileOf, type Position } from './position'
import type { Runtime } from './runtime'
import { LOOP, POINT, Suspend, Suspension } from './suspend'

/** One loaded source file of a module: whose text it is and whether it is still there. */
export interface TextFile {
  path: string
  /** Name of the module (or program) it belongs to. */
  module: string
  /** `driver` code is checked as kernel text; the rest cannot be unloaded. */
  kind: 'driver' | 'hardware' | 'user' | 'scenario' | 'machine'
  /** By their start, inner ones after outer ones, for backtraces. */
  functions: readonly TextFunction[]
}

export interface TextFunction {
  name: string
  startLine: number
  startColumn: number
  endLine: number
  /** Of the first character behind it. */
  endColumn: number
}

/** What the memory subsystem does for compiled code; the engine only forwards. */
export interface MemoryWatch {
  bad(object: object, field: PropertyKey, write: boolean): void
  access(object: unknown, field: PropertyKey, write: boolean): Suspension | undefined
  missing(object: object, field: string): void
  index(object: unknown, index: unknown, write: boolean): void
  made<T>(object: T): T
}

/** Shared by all machines that have unloaded nothing yet: making a machine must stay cheap. */
const ALL_LOADED: readonly number[] = new Array<number>(FILES_MAX + 1).fill(0)

const NO_WATCH: MemoryWatch = {
  bad: () => {},
  access: () => undefined,
  missing: () => {},
  index: () => {},
  made: (object) => object,
}

/** How many loop turns run between two looks of the engine. */
export const FUEL_TIMED = 1024
export const FUEL_CHOSEN = 64

/** The `$` of compiled code; see `Runtime` for the contract. */
export class DriverRuntime implements Runtime {
  p: Position = 0
  dead: readonly number[] = ALL_LOADED
  readonly Suspend = Suspend
  fuel = FUEL_TIMED
  watch = false

  readonly files: (TextFile | undefined)[] = [undefined]
  memory: MemoryWatch = NO_WATCH
  /** Told now and then where a loop of the lab is, for post-mortems. */
  looping: ((pos: Position) => void) | null = null
  #texts: WeakMap<object, Position> | null = null
  #machine: Machine
  /** Depth of nested `atomic` computations; a wait inside one is an error of the lab. */
  #atomicDepth = 0

  constructor(machine: Machine) {
    this.#machine = machine
  }

  dismantle(): void {
    this.files.length = 0
    this.memory = NO_WATCH
    this.looping = null
  }

  addFile(file: TextFile): number {
    assert(this.files.length <= FILES_MAX, `more than ${FILES_MAX} source files in one machine`)
    this.files.push(file)
    return this.files.length - 1
  }

  /** From now on, whatever goes on in this file runs text that is gone. */
  unload(file: number): void {
    const dead = [...this.dead]
    dead[file] = 1
    this.dead = dead
  }

  unloaded(pos: Position): never {
    this.p = pos
    this.#machine.trouble.executeAfterUnload(pos)
    throw new TaskDeath('executed unloaded text')
  }

  point(f: object, first: unknown): Suspension {
    POINT.operation = f
    POINT.object = first
    POINT.field = ''
    POINT.fromLab = true
    return POINT
  }

  bad(object: object, field: PropertyKey, write: boolean): void {
    this.memory.bad(object, field, write)
  }

  access(object: unknown, field: PropertyKey, write: boolean): Suspension | undefined {
    const { footprint } = this.#machine
    if (footprint === null) return this.memory.access(object, field, write)
    return this.#notedAccess(footprint, object, field, write)
  }

  /** An access that waits for its turn happens in the step that comes; its object is shared now. */
  #notedAccess(
    footprint: Footprint, object: unknown, field: PropertyKey, write: boolean,
  ): Suspension | undefined {
    const known = object as { $user?: unknown } | null | undefined
    const user = known?.$user
    const wait = this.memory.access(object, field, write)
    if (typeof object !== 'object' || object === null) return wait
    if (wait === undefined) footprint.access(object, field, write)
    if (known!.$user !== user) footprint.touch(object, true)
    return wait
  }

  missing(object: unknown, field: string): undefined {
    if (typeof object === 'object' && !(field in object!)) this.memory.missing(object!, field)
    return undefined
  }

  index(object: unknown, index: unknown, write: boolean): void {
    this.memory.index(object, index, write)
  }

  burn(pos: Position): Suspension {
    this.p = pos
    this.looping?.(pos)
    this.fuel = this.#machine.timed ? FUEL_TIMED : FUEL_CHOSEN
    return LOOP
  }

  made<T>(object: T): T {
    return this.memory.made(object)
  }

  text<F extends object>(f: F, pos: Position): F {
    this.#texts ??= new WeakMap()
    this.#texts.set(f, pos)
    return f
  }

  /** Where a function of the lab is defined, if it is one. */
  textOf(f: object): Position | undefined {
    return this.#texts?.get(f)
  }

  atomic<T>(result: unknown): T {
    this.#machine.footprint?.everything()
    if (!(result instanceof Suspend)) return result as T
    if (result instanceof Suspension) return this.#refuse(result) as T
    const frames = [result as unknown as Generator<unknown, unknown, unknown>]
    const saved = this.p
    this.#atomicDepth++
    try {
      let value: unknown
      let failure: { error: unknown } | null = null
      while (frames.length > 0) {
        const frame = frames[frames.length - 1]!
        let turn: IteratorResult<unknown, unknown>
        try {
          turn = failure ? frame.throw(failure.error) : frame.next(value)
        } catch (error) {
          if (error instanceof TaskDeath || frames.length === 1) throw error
          frames.pop()
          failure = { error }
          continue
        }
        failure = null
        value = undefined
        if (turn.done) {
          frames.pop()
          value = turn.value
        } else if (turn.value instanceof Suspension) value = this.#refuse(turn.value)
        else frames.push(turn.value as Generator<unknown, unknown, unknown>)
      }
      return value as T
    } finally {
      this.#atomicDepth--
      this.p = saved
    }
  }

  #refuse(request: Suspension): undefined {
    if (request.kind === 'point' || request.kind === 'loop' || request.kind === 'relax') {
      if (request.kind === 'loop') this.#machine.chargeAtomicLoop()
      return undefined
    }
    this.#machine.trouble.waitInAtomicCode()
    throw new TaskDeath('waited where code runs atomically')
  }

  fatal(error: unknown): boolean {
    return error instanceof TaskDeath || error instanceof TypeError || error instanceof SimBug
  }

  file(pos: Position): TextFile | undefined {
    return this.files[fileOf(pos)]
  }
}
