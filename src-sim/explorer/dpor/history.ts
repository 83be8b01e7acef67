import { dependent, type Touched } from '../../engine/footprint'

/** One transition of the present run. */
export interface Step {
  /** Who moved and how: the same wherever this transition could happen. */
  readonly key: number
  /** The context or clock that moved: its transitions are never independent of each other. */
  readonly actor: number
  readonly touched: Touched
  /** For each actor, how many of its transitions came before this one and matter to it. */
  readonly clock: ReadonlyMap<number, number>
  /** Which of its actor's transitions it is, from 1. */
  readonly turn: number
}

/** Two transitions that could have happened in the other order; both are indices of steps. */
export interface Race {
  readonly first: number
  readonly second: number
}

interface Users {
  write: number
  reads: number[]
}

/**
 * The transitions of a run and which of them had to come before which others: because they belong
 * to the same actor, or touched the same thing and one of them may have changed it.
 */
export class History {
  readonly steps: Step[] = []
  readonly races: Race[] = []
  readonly #users = new Map<number, Users>()
  readonly #last = new Map<number, number>()

  add(key: number, actor: number, touched: Touched): void {
    const index = this.steps.length
    const clock = new Map<number, number>()
    const own = this.#last.get(actor)
    if (own !== undefined) this.#join(clock, own)
    for (const earlier of this.#earlierUsers(touched)) {
      const step = this.steps[earlier]!
      if ((clock.get(step.actor) ?? 0) >= step.turn) continue
      if (step.actor !== actor) this.races.push({ first: earlier, second: index })
      this.#join(clock, earlier)
    }
    const turn = own === undefined ? 1 : this.steps[own]!.turn + 1
    this.steps.push({ key, actor, touched, clock, turn })
    this.#last.set(actor, index)
    for (const [thing, write] of touched) this.#use(thing, write, index)
  }

  /** Whether the first had to come before the second. */
  before(first: number, second: number): boolean {
    const a = this.steps[first]!
    const b = this.steps[second]!
    return a.actor === b.actor ? first < second : (b.clock.get(a.actor) ?? 0) >= a.turn
  }

  /**
   * Where to look on when the two of a race could not change places because the first made the
   * second possible (the end of a section that nobody else can enter): earlier transitions that the
   * second depends on, unless its actor knew of them, the latest first.
   */
  *earlierRaces({ first, second }: Race): Iterable<Race> {
    const { actor, touched } = this.steps[second]!
    const own = this.#previous(second)
    for (let i = first - 1; i >= 0; i--) {
      const step = this.steps[i]!
      if (step.actor === actor || !dependent(step.touched, touched)) continue
      if (own < 0 || !this.before(i, own)) yield { first: i, second }
    }
  }

  /**
   * The transitions that a run may go on with instead of `race.first`, so that `race.second` comes
   * without it: those between the two that need neither it nor each other.
   */
  initials({ first, second }: Race): number[] {
    const free = new Map<number, number>()
    const initials: number[] = []
    for (let i = first + 1; i <= second; i++) {
      if (i < second && this.before(first, i)) continue
      const { key, actor, turn, clock } = this.steps[i]!
      if (!free.has(actor) && !reaches(clock, free)) initials.push(key)
      if (!free.has(actor)) free.set(actor, turn)
    }
    return initials
  }

  #previous(index: number): number {
    const { actor } = this.steps[index]!
    for (let i = index - 1; i >= 0; i--) if (this.steps[i]!.actor === actor) return i
    return -1
  }

  /** Latest first: what they came after need not be looked at again. */
  #earlierUsers(touched: Touched): number[] {
    const found = new Set<number>()
    for (const [thing, write] of touched) {
      const users = this.#users.get(thing)
      if (users === undefined) continue
      if (users.write >= 0) found.add(users.write)
      if (write) for (const read of users.reads) found.add(read)
    }
    return [...found].sort((a, b) => b - a)
  }

  #use(thing: number, write: boolean, index: number): void {
    let users = this.#users.get(thing)
    if (users === undefined) this.#users.set(thing, (users = { write: -1, reads: [] }))
    if (write) {
      users.write = index
      users.reads = []
    } else users.reads.push(index)
  }

  #join(clock: Map<number, number>, step: number): void {
    const other = this.steps[step]!
    for (const [actor, turn] of other.clock)
      if ((clock.get(actor) ?? 0) < turn) clock.set(actor, turn)
    if ((clock.get(other.actor) ?? 0) < other.turn) clock.set(other.actor, other.turn)
  }
}

/** Whether a clock has seen any of the turns. */
function reaches(clock: ReadonlyMap<number, number>, turns: ReadonlyMap<number, number>): boolean {
  for (const [actor, turn] of turns) if ((clock.get(actor) ?? 0) >= turn) return true
  return false
}
