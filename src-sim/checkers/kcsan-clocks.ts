/** What a context knows of the progress of all contexts: a vector clock, by context. */
export class VectorClock {
  readonly #at = new Map<number, number>()

  get(context: number): number {
    return this.#at.get(context) ?? 0
  }

  set(context: number, time: number): void {
    this.#at.set(context, time)
  }

  join(other: VectorClock): void {
    for (const [context, time] of other.#at) if (time > this.get(context)) this.#at.set(context, time)
  }
}

/**
 * Who has seen what: contexts have clocks, and so has everything through which they synchronise.
 * A release leaves the context's knowledge at the object, an acquire picks it up.
 */
export class Clocks {
  readonly #contexts = new Map<number, VectorClock>()
  readonly #objects = new WeakMap<object, VectorClock>()

  of(context: number): VectorClock {
    let clock = this.#contexts.get(context)
    if (!clock) {
      this.#contexts.set(context, (clock = new VectorClock()))
      clock.set(context, 1)
    }
    return clock
  }

  /** The clock left at an object. */
  at(object: object): VectorClock {
    let clock = this.#objects.get(object)
    if (!clock) this.#objects.set(object, (clock = new VectorClock()))
    return clock
  }

  acquire(context: number, object: object): void {
    const left = this.#objects.get(object)
    if (left) this.of(context).join(left)
  }

  release(context: number, object: object): void {
    const clock = this.of(context)
    this.at(object).join(clock)
    clock.set(context, clock.get(context) + 1)
  }

  /** What `from` has done until now is known to `to`. */
  pass(from: number, to: number): void {
    const clock = this.of(from)
    this.of(to).join(clock)
    clock.set(from, clock.get(from) + 1)
  }
}
