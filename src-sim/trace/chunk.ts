export const CHUNK_BITS = 16
export const CHUNK_EVENTS = 1 << CHUNK_BITS
export const GROUP_BITS = 6
const CAPACITY_FIRST = 256

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
    this.args = new Uint32Array(capacity * 2)
    this.capacity = capacity
    const columns = makeColumns(capacity)
    this.groupTime = columns.groupTime
    this.groupStep = columns.groupStep
    this.groupArgs = columns.groupArgs
    this.time = columns.time
    this.position = columns.position
    this.kind = columns.kind
    this.context = columns.context
    this.step = columns.step
    this.cpu = columns.cpu
  }

  /** Makes room for more events, up to a whole chunk. */
  grow(): void {
    this.capacity = Math.min(this.capacity * 4, CHUNK_EVENTS)
    const columns = makeColumns(this.capacity)
    this.groupTime = copied(columns.groupTime, this.groupTime)
    this.groupStep = copied(columns.groupStep, this.groupStep)
    this.groupArgs = copied(columns.groupArgs, this.groupArgs)
    this.time = copied(columns.time, this.time)
    this.position = copied(columns.position, this.position)
    this.kind = copied(columns.kind, this.kind)
    this.context = copied(columns.context, this.context)
    this.step = copied(columns.step, this.step)
    this.cpu = copied(columns.cpu, this.cpu)
  }

  growArgs(): void {
    this.args = copied(new Uint32Array(this.args.length * 2), this.args)
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

/** All columns are views of one buffer: each of thousands of short runs makes a chunk. */
function makeColumns(capacity: number) {
  const groups = capacity >> GROUP_BITS
  const buffer = new ArrayBuffer(groups * 20 + capacity * 15)
  const words = groups * 20
  const halves = words + capacity * 8
  return {
    groupTime: new Float64Array(buffer, 0, groups),
    groupStep: new Float64Array(buffer, groups * 8, groups),
    groupArgs: new Uint32Array(buffer, groups * 16, groups),
    time: new Uint32Array(buffer, words, capacity),
    position: new Uint32Array(buffer, words + capacity * 4, capacity),
    kind: new Uint16Array(buffer, halves, capacity),
    context: new Uint16Array(buffer, halves + capacity * 2, capacity),
    step: new Uint16Array(buffer, halves + capacity * 4, capacity),
    cpu: new Uint8Array(buffer, halves + capacity * 6, capacity),
  }
}

function copied<T extends Uint8Array | Uint16Array | Uint32Array | Float64Array>(to: T, from: T): T {
  to.set(from)
  return to
}
