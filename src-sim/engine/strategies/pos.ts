import { Random } from '../../base/random'
import type { Strategy } from '../strategy'
import type { Transition } from '../transition'

/**
 * Partial order sampling: each pending operation has a random priority and the highest goes first;
 * operations on the same object as the one just executed draw again. Samples partial orders far
 * more evenly than choosing contexts does.
 */
export function posStrategy(seed: number): Strategy {
  const random = new Random(seed, 'pos')
  const drawn = new Map<string, { object: unknown; priority: number }>()
  const priority = (t: Transition): number => {
    const name = t.kind === 'event' ? 'time' : (t.interrupt?.name ?? t.exec!.name)
    const known = drawn.get(name)
    if (known) return known.priority
    const fresh = { object: t.exec?.object ?? null, priority: random.fraction() }
    drawn.set(name, fresh)
    return fresh.priority
  }
  return {
    name: 'pos',
    timed: false,
    pick(enabled, count) {
      let best = 0
      for (let i = 1; i < count; i++) if (priority(enabled[i]!) > priority(enabled[best]!)) best = i
      const taken = enabled[best]!
      const object = taken.exec?.object ?? null
      for (const [name, draw] of drawn)
        if (name === (taken.interrupt?.name ?? taken.exec?.name ?? 'time') || (object !== null && draw.object === object))
          drawn.delete(name)
      return best
    },
  }
}
