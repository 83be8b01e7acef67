import { Random } from '../../base/random'
import type { Strategy } from '../strategy'
import type { Exec } from '../exec'

/**
 * Uniform random walk: contexts are chosen in proportion to how much they still have to do, so
 * that all interleavings become about equally likely instead of those in which contexts take turns.
 * How much is left is estimated from how much each kind of context did in earlier schedules.
 */
export function urwStrategy(seed: number, lengths: Map<string, number> = new Map()): Strategy {
  const random = new Random(seed, 'urw')
  const done = new Map<string, number>()
  const weights: number[] = []
  const nameOf = (exec: Exec | null): string => (exec ? exec.name : 'other')
  return {
    name: 'urw',
    timed: false,
    pick(enabled, count) {
      let total = 0
      for (let i = 0; i < count; i++) {
        const name = nameOf(enabled[i]!.exec)
        const left = (lengths.get(name) ?? 8) - (done.get(name) ?? 0)
        total += weights[i] = Math.max(1, left)
      }
      let at = random.below(total)
      for (let i = 0; i < count; i++) {
        at -= weights[i]!
        if (at >= 0) continue
        const name = nameOf(enabled[i]!.exec)
        done.set(name, (done.get(name) ?? 0) + 1)
        return i
      }
      return count - 1
    },
  }
}
