import { assert, SimBug } from '../base/assert'
import { catalogue } from './catalogue'
import type { AnyEvent } from './catalogue'
import { Chunk, CHUNK_BITS, CHUNK_EVENTS, FAR_STEP, FAR_TIME, GROUP_BITS } from './chunk'
import { CODE } from './field'
import type { Arg } from './field'
import { RunningHash } from './hash'
import { TraceStore } from './store'
import type { ContextInfo } from './tables'

/** Where the machine is. The machine fills it, the writer reads it at each event. */
export interface TraceContext {
  /** Virtual time. An event never gets an earlier time than the one before it. */
  timeNs: number
  cpu: number
  /** Id that `defineContext` answered, 0 before there is any. */
  context: number
  step: number
  /** Source position (engine/position.ts). */
  p: number
}

export interface WriterOptions {
  /** Off: ids are still counted, nothing is stored and `traceHash` stays what it is. */
  on?: boolean
}

/** Codes up to this one are stored as they are. */
const CODE_WORD = CODE.pos
const GROUP_MASK = (1 << GROUP_BITS) - 1

/** Appends to a trace. The only writer of its store. */
export class TraceWriter {
  readonly on: boolean
  readonly store: TraceStore
  readonly context: TraceContext
  #chunk: Chunk
  #objects = 0
  #hash = new RunningHash()
  #lastTime = 0
  #lastStep = 0
  #groupTime = 0
  #groupStep = 0
  #lastContext = -1
  #lastLocal = 0
  readonly #locals = new Map<number, number>()

  constructor(context: TraceContext, options: WriterOptions = {}) {
    this.context = context
    this.on = options.on ?? true
    this.store = new TraceStore(catalogue)
    this.#chunk = new Chunk(this.on ? undefined : 64)
    this.store.chunks.push(this.#chunk)
  }

  /** Numbers a new object. Objects are numbered in the order of their creation, never reused. */
  defineObject(type: string, name: string, parent = 0): number {
    const id = ++this.#objects
    if (this.on) this.store.tables.addObject(type, name, parent)
    return id
  }

  /** A context is an object too; its type is its kind. */
  defineContext(info: ContextInfo): number {
    const id = this.defineObject(info.kind, info.comm)
    if (this.on) this.store.tables.addContext(id, info)
    return id
  }

  /** Tells which file a file number of a source position means. */
  defineFile(index: number, path: string, module = 0): void {
    if (this.on) this.store.tables.addFile(index, { path, module })
  }

  intern(text: string): number {
    return this.on ? this.store.tables.intern(text) : 0
  }

  /** Appends an event that happens here and now. Fields in the order of their declaration. */
  emit<E extends AnyEvent>(event: E, ...args: NonNullable<E['args']>): void
  emit(
    event: AnyEvent,
    a?: Arg, b?: Arg, c?: Arg, d?: Arg, e?: Arg, f?: Arg, g?: Arg, h?: Arg,
  ): void {
    if (!this.on) return
    const chunk = this.#header(event)
    const start = chunk.argsLength
    const n = event.codes.length
    if (n > 0) this.#put(chunk, event, 0, a)
    if (n > 1) this.#put(chunk, event, 1, b)
    if (n > 2) this.#put(chunk, event, 2, c)
    if (n > 3) this.#put(chunk, event, 3, d)
    if (n > 4) this.#put(chunk, event, 4, e)
    if (n > 5) this.#put(chunk, event, 5, f)
    if (n > 6) this.#put(chunk, event, 6, g)
    if (n > 7) this.#put(chunk, event, 7, h)
    this.#sign(chunk, event, start)
  }

  /** The same, for arguments that come as a list and were checked by whoever made it. */
  append(event: AnyEvent, args: readonly Arg[]): void {
    if (!this.on) return
    const chunk = this.#header(event)
    const start = chunk.argsLength
    const n = event.codes.length
    for (let i = 0; i < n; i++) this.#put(chunk, event, i, args[i])
    this.#sign(chunk, event, start)
  }

  /** 16 hexadecimal digits over all events and tables so far; does not depend on chunk borders. */
  get traceHash(): string {
    return new RunningHash().mix(this.#hash).mix(this.store.tables.hash).digits()
  }

  #header(event: AnyEvent): Chunk {
    const at = this.context
    let chunk = this.#chunk
    if (chunk.argsLength + 16 > chunk.args.length) chunk.growArgs()
    let i = chunk.length
    if (i === chunk.capacity) {
      chunk = this.#room()
      i = chunk.length
    }
    const time = at.timeNs > this.#lastTime ? at.timeNs : this.#lastTime
    const step = at.step
    if ((i & GROUP_MASK) === 0) this.#group(chunk, i, time, step)
    const timeDelta = time - this.#groupTime
    if (timeDelta < FAR_TIME) chunk.time[i] = timeDelta
    else this.#farTime(chunk, i, time)
    const stepDelta = step - this.#groupStep
    if (stepDelta >= 0 && stepDelta < FAR_STEP) chunk.step[i] = stepDelta
    else this.#farStep(chunk, i, step)
    chunk.kind[i] = event.kind
    chunk.cpu[i] = at.cpu
    chunk.position[i] = at.p
    chunk.context[i] = at.context === this.#lastContext ? this.#lastLocal : this.#local(at.context)
    chunk.length = i + 1
    chunk.timeMax = time
    return chunk
  }

  /** Takes the event into the hash: where and when it happened, then the words from `start` on. */
  #sign(chunk: Chunk, event: AnyEvent, start: number): void {
    const at = this.context
    const { args, argsLength, timeMax: time } = chunk
    this.#hash.event(
      event.hash + at.cpu, at.context, at.p, time - this.#lastTime, at.step - this.#lastStep,
      args, start, argsLength,
    )
    this.#lastTime = time
    this.#lastStep = at.step
  }

  #put(chunk: Chunk, event: AnyEvent, field: number, value: Arg | undefined): void {
    const code = event.codes[field]!
    if (code > CODE_WORD) {
      this.#putOther(chunk, event, field, code, value)
      return
    }
    chunk.args[chunk.argsLength++] = value as number
  }

  #putOther(
    chunk: Chunk, event: AnyEvent, field: number, code: number, value: Arg | undefined,
  ): void {
    let word: number
    if (code === CODE.bool) word = value ? 1 : 0
    else if (code <= CODE.sym) word = this.store.tables.intern(value as string)
    else if (code === CODE.enum) word = this.#enumValue(event, field, value)
    else {
      const wide = value as number
      const high = Math.floor(wide / 0x100000000)
      const all = high > 0xffffffff
      chunk.args[chunk.argsLength++] = all ? 0xffffffff : high
      word = all ? 0xffffffff : wide % 0x100000000
    }
    chunk.args[chunk.argsLength++] = word
  }

  #enumValue(event: AnyEvent, field: number, value: Arg | undefined): number {
    const word = event.enums[field]!.get(value as string)
    if (word !== undefined) return word
    throw new SimBug(`event ${event.name}: '${value}' is no value of ${event.fields[field]!.name}`)
  }

  #room(): Chunk {
    const chunk = this.#chunk
    if (chunk.capacity < CHUNK_EVENTS) {
      chunk.grow()
      return chunk
    }
    chunk.close()
    assert(this.store.chunks.length < 1 << (31 - CHUNK_BITS), 'the trace is full')
    this.#chunk = new Chunk(CHUNK_EVENTS)
    this.store.chunks.push(this.#chunk)
    this.#locals.clear()
    this.#lastContext = -1
    return this.#chunk
  }

  #group(chunk: Chunk, i: number, time: number, step: number): void {
    const group = i >> GROUP_BITS
    chunk.groupTime[group] = this.#groupTime = time
    chunk.groupStep[group] = this.#groupStep = step
    chunk.groupArgs[group] = chunk.argsLength
    if (i === 0) chunk.timeMin = time
  }

  #farTime(chunk: Chunk, i: number, time: number): void {
    chunk.time[i] = FAR_TIME
    chunk.farTimes.set(i, time)
  }

  #farStep(chunk: Chunk, i: number, step: number): void {
    chunk.step[i] = FAR_STEP
    chunk.farSteps.set(i, step)
  }

  #local(context: number): number {
    let local = this.#locals.get(context)
    if (local === undefined) {
      local = this.#chunk.contexts.length
      this.#chunk.contexts.push(context)
      this.#locals.set(context, local)
    }
    this.#lastContext = context
    this.#lastLocal = local
    return local
  }
}

