/** Something that will happen at a moment of virtual time (a timer edge, a hardware step). */
export interface TimedEvent {
  timeNs: number
  /** Breaks ties: the order of scheduling. */
  order: number
  /** Names it in choices and in the trace. */
  name: string
  /** What it acts upon, for choices. */
  object: object | null
  fire(): void
  /** Housekeeping (watchdogs): never keeps a machine awake, never offered as a choice ahead of time. */
  background: boolean
  /** Position in the heap; -1 when not queued. */
  slot: number
}

/** A binary heap by (time, order) with removal of any element. */
export class EventQueue {
  #heap: TimedEvent[] = []
  #order = 0
  #foreground = 0

  get first(): TimedEvent | undefined {
    return this.#heap[0]
  }

  /** Whether anything but housekeeping is to come. */
  get busy(): boolean {
    return this.#foreground > 0
  }

  get size(): number {
    return this.#heap.length
  }

  schedule(
    timeNs: number,
    name: string,
    object: object | null,
    fire: () => void,
    background = false,
  ): TimedEvent {
    const event = { timeNs, order: this.#order++, name, object, fire, background, slot: -1 }
    if (!background) this.#foreground++
    event.slot = this.#heap.length
    this.#heap.push(event)
    this.#up(event.slot)
    return event
  }

  /** Removes a queued event; harmless when it is not queued any more. */
  cancel(event: TimedEvent): boolean {
    const slot = event.slot
    if (slot < 0) return false
    const last = this.#heap.pop()!
    event.slot = -1
    if (!event.background) this.#foreground--
    if (last !== event) {
      this.#heap[slot] = last
      last.slot = slot
      this.#down(slot)
      this.#up(last.slot)
    }
    return true
  }

  take(): TimedEvent {
    const first = this.#heap[0]!
    this.cancel(first)
    return first
  }

  #less(a: TimedEvent, b: TimedEvent): boolean {
    return a.timeNs < b.timeNs || (a.timeNs === b.timeNs && a.order < b.order)
  }

  #swap(i: number, j: number): void {
    const a = this.#heap[i]!
    const b = this.#heap[j]!
    this.#heap[i] = b
    this.#heap[j] = a
    b.slot = i
    a.slot = j
  }

  #up(i: number): void {
    while (i > 0) {
      const parent = (i - 1) >> 1
      if (!this.#less(this.#heap[i]!, this.#heap[parent]!)) return
      this.#swap(i, parent)
      i = parent
    }
  }

  #down(i: number): void {
    for (;;) {
      const left = 2 * i + 1
      if (left >= this.#heap.length) return
      const right = left + 1
      const child =
        right < this.#heap.length && this.#less(this.#heap[right]!, this.#heap[left]!)
          ? right
          : left
      if (!this.#less(this.#heap[child]!, this.#heap[i]!)) return
      this.#swap(i, child)
      i = child
    }
  }
}
