import { SimBug } from '../base/assert'
import { eventNamed } from './catalogue'
import type { AnyEvent } from './catalogue'
import { Chunk, GROUP_BITS } from './chunk'
import { event } from './declare'
import type { Category } from './declare'
import { fieldSpec } from './field'
import { RunningHash } from './hash'
import { TraceStore } from './store'
import type { ContextInfo, FileInfo, Tables } from './tables'
import { decodeUtf8, encodeUtf8 } from './utf8'

export const TRACE_VERSION = 1
const MAGIC = 0x4352544b // 'KTRC'
const HEAD_WORDS = 4

interface EventHeader {
  name: string
  category: Category
  fields: string[]
}

interface ChunkHeader {
  length: number
  argsLength: number
  contexts: number[]
  farTimes: [number, number][]
  farSteps: [number, number][]
  timeMin: number
  timeMax: number
}

/** The JSON part of a file: everything but the columns. */
interface Header {
  events: EventHeader[]
  strings: string[]
  contexts: [number, ContextInfo][]
  files: [number, FileInfo][]
  objects: number
  chunks: ChunkHeader[]
  traceHash: string
}

/** What a file that cannot be read is answered with: one sentence for the person who opened it. */
export class TraceFormatError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'TraceFormatError'
  }
}

/**
 * The parts of a trace file, to be written one after the other. Layout: four words (magic, version,
 * bytes of the header, checksum of all that follows), the header as JSON padded with blanks to
 * eight bytes, then the columns, each padded to eight bytes. Little endian throughout.
 */
export function encodeTrace(store: TraceStore, traceHash: string): Uint8Array[] {
  const header: Header = {
    events: store.events.map((e) => ({
      name: e.name, category: e.category, fields: e.fields.map(fieldSpec),
    })),
    strings: store.tables.strings,
    contexts: [...store.tables.contexts],
    files: [...store.tables.files],
    objects: store.tables.objectTypes.length,
    chunks: store.chunks.map(chunkHeader),
    traceHash,
  }
  const { objectTypes, objectNames, objectParents } = store.tables
  const columns: ArrayBufferView[] = [objectTypes, objectNames, objectParents].map((ids) =>
    Uint32Array.from(ids),
  )
  for (const chunk of store.chunks) columns.push(...chunkColumns(chunk))
  const body = [pad(encodeUtf8(JSON.stringify(header)), 0x20), ...columns.map(toBytes)]
  const head = new Uint32Array([MAGIC, TRACE_VERSION, body[0]!.length, checksum(body)])
  return [bytesOf(head), ...body]
}

/** Reads a file; throws `TraceFormatError` when it is not a whole and sound trace. */
export function decodeTrace(file: Uint8Array): { store: TraceStore; traceHash: string } {
  if (file.length < HEAD_WORDS * 4) {
    throw new TraceFormatError('This is not a trace: it is too short.')
  }
  const bytes = aligned(file)
  const [magic, version, headerBytes, sum] =
    new Uint32Array(bytes.buffer, bytes.byteOffset, HEAD_WORDS)
  if (magic !== MAGIC) {
    throw new TraceFormatError('This is not a trace: its first bytes are others.')
  }
  if (version !== TRACE_VERSION) {
    throw new TraceFormatError(
      `This trace has format version ${version}; only version ${TRACE_VERSION} can be read.`,
    )
  }
  const body = bytes.subarray(HEAD_WORDS * 4)
  const whole = body.length % 8 === 0 && headerBytes! <= body.length
  if (!whole || checksum([body]) !== sum) {
    throw new TraceFormatError('This trace is damaged or cut short: its checksum does not match.')
  }
  try {
    return decodeBody(body, headerBytes!)
  } catch (error) {
    if (error instanceof TraceFormatError || error instanceof SimBug) throw error
    throw new TraceFormatError('This trace is damaged: its header cannot be read.')
  }
}

function decodeBody(
  body: Uint8Array, headerBytes: number,
): { store: TraceStore; traceHash: string } {
  const header = JSON.parse(decodeUtf8(body.subarray(0, headerBytes))) as Header
  const columns = new Columns(body, headerBytes)
  const store = new TraceStore(header.events.map(declared))
  const { tables } = store
  for (const text of header.strings) tables.intern(text)
  fill(tables, header, columns)
  for (const chunk of header.chunks) store.chunks.push(decodeChunk(chunk, columns))
  return { store, traceHash: header.traceHash }
}

function fill(tables: Tables, header: Header, columns: Columns): void {
  const types = columns.u32(header.objects)
  const names = columns.u32(header.objects)
  const parents = columns.u32(header.objects)
  for (let i = 1; i < header.objects; i++) {
    tables.addObject(header.strings[types[i]!]!, header.strings[names[i]!]!, parents[i]!)
  }
  for (const [id, info] of header.contexts) tables.addContext(id, info)
  for (const [index, info] of header.files) tables.addFile(index, info)
}

/** The current declaration when it still has the same fields, else one without effects. */
function declared(e: EventHeader): AnyEvent {
  const known = eventNamed(e.name)
  if (known !== undefined && known.fields.map(fieldSpec).join() === e.fields.join()) return known
  return event(e.name, e.category, 'An event of another version.', e.fields) as AnyEvent
}

function chunkHeader(chunk: Chunk): ChunkHeader {
  const { length, argsLength, contexts, timeMin, timeMax } = chunk
  const farTimes = [...chunk.farTimes]
  return { length, argsLength, contexts, farTimes, farSteps: [...chunk.farSteps], timeMin, timeMax }
}

function chunkColumns(chunk: Chunk): ArrayBufferView[] {
  const n = chunk.length
  const groups = groupsOf(n)
  return [
    chunk.groupTime.subarray(0, groups), chunk.groupStep.subarray(0, groups),
    chunk.groupArgs.subarray(0, groups), chunk.time.subarray(0, n), chunk.position.subarray(0, n),
    chunk.args.subarray(0, chunk.argsLength), chunk.kind.subarray(0, n), chunk.step.subarray(0, n),
    chunk.context.subarray(0, n), chunk.cpu.subarray(0, n),
  ]
}

function decodeChunk(header: ChunkHeader, columns: Columns): Chunk {
  const n = header.length
  const groups = groupsOf(n)
  const chunk = new Chunk(0)
  chunk.length = chunk.capacity = n
  chunk.groupTime = columns.f64(groups)
  chunk.groupStep = columns.f64(groups)
  chunk.groupArgs = columns.u32(groups)
  chunk.time = columns.u32(n)
  chunk.position = columns.u32(n)
  chunk.args = columns.u32(header.argsLength)
  chunk.argsLength = header.argsLength
  chunk.kind = columns.u16(n)
  chunk.step = columns.u16(n)
  chunk.context = columns.u16(n)
  chunk.cpu = columns.u8(n)
  chunk.contexts = header.contexts
  for (const [i, time] of header.farTimes) chunk.farTimes.set(i, time)
  for (const [i, step] of header.farSteps) chunk.farSteps.set(i, step)
  chunk.timeMin = header.timeMin
  chunk.timeMax = header.timeMax
  return chunk
}

const groupsOf = (events: number): number => (events + (1 << GROUP_BITS) - 1) >> GROUP_BITS

/** Hands out the columns of a file one after the other, without copying them. */
class Columns {
  readonly #body: Uint8Array
  #at: number

  constructor(body: Uint8Array, at: number) {
    this.#body = body
    this.#at = at
  }

  u8 = (n: number): Uint8Array => new Uint8Array(...this.#take(n, 1))
  u16 = (n: number): Uint16Array => new Uint16Array(...this.#take(n, 2))
  u32 = (n: number): Uint32Array => new Uint32Array(...this.#take(n, 4))
  f64 = (n: number): Float64Array => new Float64Array(...this.#take(n, 8))

  #take(n: number, size: number): [ArrayBuffer, number, number] {
    const at = this.#at
    this.#at += (n * size + 7) & ~7
    if (this.#at > this.#body.length) {
      throw new TraceFormatError('This trace is damaged: a column is missing.')
    }
    return [this.#body.buffer as ArrayBuffer, this.#body.byteOffset + at, n]
  }
}

function toBytes(view: ArrayBufferView): Uint8Array {
  return pad(bytesOf(view), 0)
}

function bytesOf(view: ArrayBufferView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength)
}

function pad(bytes: Uint8Array, filler: number): Uint8Array {
  if (bytes.length % 8 === 0) return bytes
  const out = new Uint8Array((bytes.length + 7) & ~7).fill(filler)
  out.set(bytes)
  return out
}

/** Typed arrays over a file need it to start at a multiple of eight. */
function aligned(bytes: Uint8Array): Uint8Array {
  return bytes.byteOffset % 8 === 0 ? bytes : bytes.slice()
}

function checksum(parts: readonly Uint8Array[]): number {
  const hash = new RunningHash()
  for (const part of parts) {
    const words = new Uint32Array(part.buffer, part.byteOffset, part.length >> 2)
    for (let i = 0; i < words.length; i++) hash.word(words[i]!)
  }
  return (hash.a ^ hash.b) >>> 0
}

