import { makeStrategy } from '../engine/strategies'
import { nameOfActor } from '../engine/strategies/actor'
import type { Profile } from '../engine/strategies/profile'
import type { Strategy } from '../engine/strategy'
import type { Transition } from '../engine/transition'
import type { RunSchedule } from './outcome'

/** Trial schedules: few, since every worker repeats them. */
const TRIALS = 5

/**
 * Runs a handful of schedules to learn how long the lab's contexts are. Depends on the lab and the
 * seed only, so that every worker learns the same and results do not depend on how many there are.
 */
export function learnProfile(run: RunSchedule, seed: number): Profile {
  const lengths = new Map<string, number>()
  let choices = 0
  for (let trial = 0; trial < TRIALS; trial++) {
    const inner = makeStrategy('random', { seed: seed + trial, preemptions: 0, choices: [] })
    run(counting(inner, lengths, () => choices++), false)
  }
  for (const [name, total] of lengths) lengths.set(name, Math.ceil(total / TRIALS))
  return { lengths, choices: Math.max(1, Math.round(choices / TRIALS)) }
}

/** Counts whose turn it was, and how often there was a choice. */
function counting(inner: Strategy, lengths: Map<string, number>, choice: () => void): Strategy {
  const count = (taken: Transition): void => {
    const name = nameOfActor(taken)
    lengths.set(name, (lengths.get(name) ?? 0) + 1)
  }
  return {
    name: inner.name,
    timed: false,
    forced: count,
    pick(enabled, open, machine) {
      const index = inner.pick(enabled, open, machine)
      count(enabled[index]!)
      choice()
      return index
    },
  }
}
