import { now } from './current'

/** Stands for all of the kernel: what a step touches of which nobody has said what it touches. */
export const EVERYTHING = 0

/** What one transition has touched, by key; true where it may have changed it. */
export type Touched = ReadonlyMap<number, boolean>

/**
 * What a kernel function has to do with besides its own CPU and context, and which tasks can run:
 * the object that is its first argument, or the time until it wakes up again.
 */
export type Confinement = 'reads' | 'writes' | 'sleeps'

/** The kernel functions of which more is known than that they may touch everything. */
export type ConfinedCalls = ReadonlyMap<object, Confinement>

/** Methods of arrays, maps and sets that change what they are called on. */
const CHANGING: ReadonlySet<PropertyKey> = new Set([
  'push', 'pop', 'shift', 'unshift', 'splice', 'sort', 'reverse', 'fill', 'copyWithin', 'set',
  'add', 'delete', 'clear',
])

/**
 * Records what each transition of one run touches, for searches that leave out schedules which
 * differ only in the order of transitions that have nothing to do with each other. Objects are known by
 * the order in which they were touched first, which is the same in all runs that begin alike.
 */
export class Footprint {
  /** By the function that drivers call. */
  readonly confined: ConfinedCalls
  readonly #keys = new WeakMap<object, number>()
  #count = EVERYTHING
  #touched = new Map<number, boolean>()

  constructor(confined: ConfinedCalls) {
    this.confined = confined
  }

  /** How many objects have a key by now. */
  get known(): number {
    return this.#count
  }

  touch(object: object, write: boolean): void {
    let key = this.#keys.get(object)
    if (key === undefined) this.#keys.set(object, (key = ++this.#count))
    if (write || !this.#touched.has(key)) this.#touched.set(key, write)
  }

  /** A member access by lab code. Who takes a buffer in hand may change it unseen. */
  access(object: object, field: PropertyKey, write: boolean): void {
    this.touch(memoryOf(object), write || CHANGING.has(field))
    const value: unknown = Object.getOwnPropertyDescriptor(object, field)?.value
    if (ArrayBuffer.isView(value)) this.touch(value.buffer, true)
  }

  everything(): void {
    this.#touched.set(EVERYTHING, true)
  }

  /** It depends on what any unknown step does, but is nothing that such steps could miss. */
  something(): void {
    if (!this.#touched.has(EVERYTHING)) this.#touched.set(EVERYTHING, false)
  }

  /** What was touched since the last time. */
  take(): Touched {
    const touched = this.#touched
    this.#touched = new Map()
    return touched
  }
}

/** For functions without a scheduling point that look at what confined ones change. */
export function looksAt(object: object): void {
  now.machine?.footprint?.touch(object, false)
}

const memoryOf = (object: object): object => (ArrayBuffer.isView(object) ? object.buffer : object)

export function dependent(a: Touched, b: Touched): boolean {
  const [few, many] = a.size < b.size ? [a, b] : [b, a]
  for (const [key, write] of few) {
    const other = many.get(key)
    if (other !== undefined && (write || other)) return true
  }
  return false
}
