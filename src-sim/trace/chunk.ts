export const CHUNK_BITS = 16
export const CHUNK_EVENTS = 1 << CHUNK_BITS
export const GROUP_BITS = 6
const CAPACITY_FIRST = 1024

/** Marks a time or step that is too far from its group's base: the exact value is in `far*`. */
export const FAR_TIME = 0xffffffff
export const FAR_STEP = 0xffff

/**
 * Up to 64 Ki events as columns. Invariants: event i of the chunk has its row i in every event
 * column; groups of 64 events share a base of time, step and first argument word; times are
 * relative to the base of the group, contexts are indices into `contexts`. How many words an event
 * has in `args` follows from its kind. Only the last chunk of a trace is not full.
 */
export class Chunk {
  length = 0
  capacity: number
  time: Uint32Array
  kind: Uint16Array
  cpu: Uint8Array
  context: Uint16Array
  step: Uint16Array
  position: Uint32Array
  args: Uint32Array
  argsLength = 0
  groupTime: Float64Array
  groupStep: Float64Array
  groupArgs: Uint32Array
  contexts: number[] = []
  readonly farTimes = new Map<number, number>()
  readonly farSteps = new Map<number, number>()
  timeMin = 0
  timeMax = 0

  constructor(capacity = CAPACITY_FIRST) {
    this.capacity = capacity
    this.time = new Uint32Array(capacity)
    this.kind = new Uint16Array(capacity)
    this.cpu = new Uint8Array(capacity)
    this.context = new Uint16Array(capacity)
    this.step = new Uint16Array(capacity)
    this.position = new Uint32Array(capacity)
    this.args = new Uint32Array(capacity * 2)
    this.groupTime = new Float64Array(capacity >> GROUP_BITS)
    this.groupStep = new Float64Array(capacity >> GROUP_BITS)
    this.groupArgs = new Uint32Array(capacity >> GROUP_BITS)
  }

  /** Makes room for more events, up to a whole chunk. */
  grow(): void {
    const capacity = Math.min(this.capacity * 4, CHUNK_EVENTS)
    this.capacity = capacity
    this.time = resize(Uint32Array, this.time, capacity)
    this.kind = resize(Uint16Array, this.kind, capacity)
    this.cpu = resize(Uint8Array, this.cpu, capacity)
    this.context = resize(Uint16Array, this.context, capacity)
    this.step = resize(Uint16Array, this.step, capacity)
    this.position = resize(Uint32Array, this.position, capacity)
    this.groupTime = resize(Float64Array, this.groupTime, capacity >> GROUP_BITS)
    this.groupStep = resize(Float64Array, this.groupStep, capacity >> GROUP_BITS)
    this.groupArgs = resize(Uint32Array, this.groupArgs, capacity >> GROUP_BITS)
  }

  growArgs(): void {
    this.args = resize(Uint32Array, this.args, this.args.length * 2)
  }

  /** Gives unused memory back when the chunk is full. */
  close(): void {
    this.args = this.args.slice(0, this.argsLength)
  }

  clear(): void {
    this.length = 0
    this.argsLength = 0
    this.contexts = []
    this.farTimes.clear()
    this.farSteps.clear()
  }

  timeAt(i: number): number {
    const delta = this.time[i]!
    if (delta === FAR_TIME) return this.farTimes.get(i)!
    return this.groupTime[i >> GROUP_BITS]! + delta
  }

  stepAt(i: number): number {
    const delta = this.step[i]!
    if (delta === FAR_STEP) return this.farSteps.get(i)!
    return this.groupStep[i >> GROUP_BITS]! + delta
  }

  contextAt(i: number): number {
    return this.contexts[this.context[i]!]!
  }

  /** Index of the first argument word of event i; `words` tells the words of each kind. */
  argsAt(i: number, words: Uint8Array): number {
    const kind = this.kind
    let at = this.groupArgs[i >> GROUP_BITS]!
    for (let k = (i >> GROUP_BITS) << GROUP_BITS; k < i; k++) at += words[kind[k]!]!
    return at
  }

  bytes(): number {
    return this.capacity * 15 + this.args.byteLength + (this.capacity >> GROUP_BITS) * 20
  }
}

type Columns = Uint8Array | Uint16Array | Uint32Array | Float64Array

function resize<T extends Columns>(type: new (n: number) => T, old: T, length: number): T {
  const next = new type(length)
  next.set(old.length > length ? old.subarray(0, length) : old)
  return next
}
