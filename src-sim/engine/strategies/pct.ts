import { Random } from '../../base/random'
import type { Strategy } from '../strategy'
import { nameOfActor } from './actor'

/** A schedule this many times longer than usual starves somebody. */
const STARVING = 8

/**
 * Probabilistic concurrency testing: everything that can happen has a random priority and the
 * highest enabled one goes on, except that at `changes` random moments the running one drops to
 * the bottom. Finds every bug that needs few ordering constraints with a known probability.
 * Fixed priorities can starve a context for ever; from then on chance decides.
 */
export function pctStrategy(seed: number, changes: number, length: number): Strategy {
  const random = new Random(seed, 'pct')
  const priorities = new Map<string, number>()
  const drops = new Set<number>()
  for (let i = 0; i < changes; i++) drops.add(random.below(length))
  let choice = 0
  let lowest = 0
  const priorityOf = (name: string): number => {
    let p = priorities.get(name)
    if (p === undefined) priorities.set(name, (p = 1 + random.fraction()))
    return p
  }
  return {
    name: 'pct',
    timed: false,
    pick(enabled, count) {
      if (choice > STARVING * length) return random.below(count)
      let best = 0
      for (let i = 1; i < count; i++)
        if (priorityOf(nameOfActor(enabled[i]!)) > priorityOf(nameOfActor(enabled[best]!))) best = i
      if (drops.has(choice++)) priorities.set(nameOfActor(enabled[best]!), --lowest)
      return best
    },
  }
}
