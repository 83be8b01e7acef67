import { choiceKey } from '../choice-key'
import type { Strategy } from '../strategy'
import type { RecordedChoice } from '../transition'

/**
 * Follows recorded choices. Where the meaning of the recorded choice is not among the enabled
 * transitions (the lab was edited), the calm choice is taken and the record is kept for the next
 * choice that offers it, so that a schedule still makes sense after an edit.
 */
export function replayStrategy(choices: readonly RecordedChoice[]): Strategy & ReplayState {
  let next = 0
  const state: Strategy & ReplayState = {
    name: 'replay',
    timed: false,
    diverged: 0,
    pick(enabled, count, machine) {
      const wanted = choices[next]
      if (wanted === undefined) return 0
      if (wanted.key === '' || (wanted.of === count && wanted.index < count)) {
        if (wanted.key === '' || choiceKey(machine, enabled[wanted.index]!) === wanted.key) {
          next++
          return Math.min(wanted.index, count - 1)
        }
      }
      for (let i = 0; i < count; i++) {
        if (choiceKey(machine, enabled[i]!) === wanted.key) {
          next++
          return i
        }
      }
      state.diverged++
      return 0
    },
  }
  return state
}

export interface ReplayState {
  /** Choices at which the recorded meaning was not on offer. */
  diverged: number
}
