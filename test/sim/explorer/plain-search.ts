import type { Strategy } from '../../../src-sim/engine/strategy'
import type { Transition } from '../../../src-sim/engine/transition'
import type { SearchShare } from '../../../src-sim/explorer/search-share'

interface Level {
  /** Alternatives not tried yet, in order; the current pick is not among them. */
  rest: number[]
  pick: number
}

/** How many choices decide whose share a branch is. */
const SHARING_DEPTH = 4

/**
 * Depth-first search over all choices of a lab, within a bound on preemptions (transitions that
 * interrupt a context which could have gone on). Small bounds first would repeat work; within one
 * bound the calm schedule comes first and later choices vary fastest.
 */
export class PlainSearch {
  readonly bound: number
  complete = false
  #share: SearchShare
  #levels: Level[] = []

  constructor(bound: number, share: SearchShare = { index: 0, of: 1 }) {
    this.bound = bound
    this.#share = share
  }

  /** The strategy for the next schedule: repeats the known choices, then stays calm. */
  strategy(): Strategy {
    let depth = 0
    let spent = 0
    return {
      name: 'exhaustive',
      timed: false,
      pick: (enabled, count) => {
        const level = this.#levels[depth++] ?? this.#descend(enabled, count, spent)
        if (enabled[level.pick]!.preempts) spent++
        return level.pick
      },
    }
  }

  /** A choice that was never met on this branch: the calm one first, the affordable others later. */
  #descend(enabled: readonly Transition[], count: number, spent: number): Level {
    const rest: number[] = []
    for (let i = 1; i < count; i++)
      if (!enabled[i]!.preempts || spent < this.bound) rest.push(i)
    const level = { rest, pick: 0 }
    this.#levels.push(level)
    return level
  }

  /** Whether the branch that was just run is this share's to count. */
  get mine(): boolean {
    let sum = 0
    for (let i = 0; i < SHARING_DEPTH; i++) sum = sum * 7 + (this.#levels[i]?.pick ?? 0)
    return sum % this.#share.of === this.#share.index
  }

  /**
   * Moves on after a schedule was run with `strategy()`. Below a branch of another share nothing is
   * searched: its first schedule had to be run only to see where it branches.
   */
  advance(): void {
    if (!this.mine) this.#levels.length = Math.min(this.#levels.length, SHARING_DEPTH)
    for (let last = this.#levels.pop(); last; last = this.#levels.pop()) {
      const next = last.rest.shift()
      if (next === undefined) continue
      this.#levels.push({ ...last, pick: next })
      return
    }
    this.complete = true
  }
}
