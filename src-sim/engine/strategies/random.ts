import { Random } from '../../base/random'
import type { Strategy } from '../strategy'

/** Every enabled transition is equally likely at every choice. */
export function randomStrategy(seed: number): Strategy {
  const random = new Random(seed, 'random')
  return { name: 'random', timed: false, pick: (_enabled, count) => random.below(count) }
}
