import type { Strategy } from '../engine/strategy'
import type { ScheduleOutcome } from './outcome'

interface Level {
  /** Alternatives not tried yet, in order; the current pick is not among them. */
  rest: number[]
  pick: number
  /** Preemptions spent before this choice. */
  spent: number
}

/**
 * Depth-first search over all choices of a lab, within a bound on preemptions (transitions that
 * interrupt a context which could have gone on). Small bounds first would repeat work; within one
 * bound the calm schedule comes first and later choices vary fastest.
 */
export class ExhaustiveSearch {
  readonly bound: number
  readonly prefix: readonly number[]
  complete = false
  #levels: Level[] = []

  /** With a prefix only the schedules that begin with it are searched. */
  constructor(bound: number, prefix: readonly number[] = []) {
    this.bound = bound
    this.prefix = prefix
  }

  /** The strategy for the next schedule: repeats the known choices, then stays calm. */
  strategy(): Strategy {
    let depth = 0
    let spent = 0
    return {
      name: 'exhaustive',
      timed: false,
      pick: (enabled, count) => {
        const at = depth++
        if (at < this.prefix.length) {
          const pick = Math.min(this.prefix[at]!, count - 1)
          if (enabled[pick]!.preempts) spent++
          return pick
        }
        const known = this.#levels[at - this.prefix.length]
        const pick = known ? known.pick : 0
        if (!known) {
          const rest: number[] = []
          for (let i = 1; i < count; i++)
            if (!enabled[i]!.preempts || spent < this.bound) rest.push(i)
          this.#levels.push({ rest, pick, spent })
        }
        if (enabled[pick]!.preempts) spent++
        return pick
      },
    }
  }

  /** Moves on after a schedule was run with `strategy()`. */
  advance(_outcome: ScheduleOutcome): void {
    for (let last = this.#levels.pop(); last; last = this.#levels.pop()) {
      const next = last.rest.shift()
      if (next === undefined) continue
      this.#levels.push({ ...last, pick: next })
      return
    }
    this.complete = true
  }
}
