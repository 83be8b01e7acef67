import { Random } from '../../base/random'
import type { Strategy } from '../strategy'
import type { Transition } from '../transition'
import { nameOfActor } from './actor'

/** Weight of an actor that nothing is known about. */
const UNKNOWN_LENGTH = 8

/**
 * Uniform random walk: actors are chosen in proportion to how much they still have to do, so that
 * all interleavings become about equally likely instead of those in which contexts take turns.
 */
export function urwStrategy(seed: number, lengths: ReadonlyMap<string, number>): Strategy {
  const random = new Random(seed, 'urw')
  const done = new Map<string, number>()
  const weights: number[] = []
  const count = (taken: Transition): void => {
    const name = nameOfActor(taken)
    done.set(name, (done.get(name) ?? 0) + 1)
  }
  return {
    name: 'urw',
    timed: false,
    forced: count,
    pick(enabled, open) {
      let total = 0
      for (let i = 0; i < open; i++) {
        const name = nameOfActor(enabled[i]!)
        const left = (lengths.get(name) ?? UNKNOWN_LENGTH) - (done.get(name) ?? 0)
        total += weights[i] = Math.max(1, left)
      }
      let at = random.below(total)
      let pick = 0
      while (at >= weights[pick]!) at -= weights[pick++]!
      count(enabled[pick]!)
      return pick
    },
  }
}
