import type { Label, Labels } from './labels'

/** Numbers the labels of one answer. */
export class LabelIndex {
  readonly list: string[] = []
  readonly #ids = new Map<Label, number>()
  readonly #labels: Labels
  #lastLabel = -1
  #lastId = 0

  constructor(labels: Labels) {
    this.#labels = labels
  }

  index(label: Label): number {
    if (label === this.#lastLabel) return this.#lastId
    this.#lastLabel = label
    return (this.#lastId = this.#find(label))
  }

  #find(label: Label): number {
    let id = this.#ids.get(label)
    if (id === undefined) {
      id = this.list.length
      this.list.push(this.#labels.show(label))
      this.#ids.set(label, id)
    }
    return id
  }
}

/** Columns that are filled again for each lane; what is answered are copies of their used part. */
export class SpanColumns {
  length = 0
  #starts = new Float64Array(256)
  #ends = new Float64Array(256)
  #events = new Uint32Array(256)
  #labels = new Uint32Array(256)
  counts = new Uint32Array(256)
  depths = new Uint8Array(256)
  categories = new Uint8Array(256)

  clear(): this {
    this.length = 0
    return this
  }

  /** Answers the row, for the columns that the caller fills. */
  push(start: number, end: number, event: number, label: number): number {
    const at = this.length++
    if (at === this.#starts.length) this.#grow()
    this.#starts[at] = start
    this.#ends[at] = end
    this.#events[at] = event
    this.#labels[at] = label
    return at
  }

  columns() {
    const n = this.length
    return {
      starts: this.#starts.slice(0, n),
      ends: this.#ends.slice(0, n),
      depths: this.depths.slice(0, n),
      categories: this.categories.slice(0, n),
      events: this.#events.slice(0, n),
      labels: this.#labels.slice(0, n),
      counts: this.counts.slice(0, n),
    }
  }

  #grow(): void {
    this.#starts = twice(Float64Array, this.#starts)
    this.#ends = twice(Float64Array, this.#ends)
    this.#events = twice(Uint32Array, this.#events)
    this.#labels = twice(Uint32Array, this.#labels)
    this.counts = twice(Uint32Array, this.counts)
    this.depths = twice(Uint8Array, this.depths)
    this.categories = twice(Uint8Array, this.categories)
  }
}

export class PointColumns {
  length = 0
  #times = new Float64Array(256)
  #events = new Uint32Array(256)
  #categories = new Uint8Array(256)
  #counts = new Uint32Array(256)

  clear(): this {
    this.length = 0
    return this
  }

  push(time: number, event: number, category: number, count: number): void {
    const at = this.length++
    if (at === this.#times.length) this.#grow()
    this.#times[at] = time
    this.#events[at] = event
    this.#categories[at] = category
    this.#counts[at] = count
  }

  columns() {
    const n = this.length
    return {
      pointTimes: this.#times.slice(0, n),
      pointEvents: this.#events.slice(0, n),
      pointCategories: this.#categories.slice(0, n),
      pointCounts: this.#counts.slice(0, n),
    }
  }

  #grow(): void {
    this.#times = twice(Float64Array, this.#times)
    this.#events = twice(Uint32Array, this.#events)
    this.#categories = twice(Uint8Array, this.#categories)
    this.#counts = twice(Uint32Array, this.#counts)
  }
}

type Column = Uint8Array | Uint32Array | Float64Array

function twice<T extends Column>(type: new (n: number) => T, old: T): T {
  const next = new type(old.length * 2)
  next.set(old)
  return next
}
