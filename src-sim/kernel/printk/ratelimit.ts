import { machine } from '../../engine/current'
import { KernelObject } from '../../engine/object'
import { jiffies } from '../time/clock'
import { kernelLog } from './log'

/** Lets `burst` events pass in each `interval` of jiffies, and counts the rest. */
export class ratelimit_state extends KernelObject {
  interval = 0
  burst = 0
  printed = 0
  missed = 0
  /** Start of the current interval; 0 = none yet. */
  begin = 0
  flags = 0
}

/** The message about missed events comes only when somebody asks for it. */
export const RATELIMIT_MSG_ON_RELEASE = 1

export function initRatelimit(
  state: ratelimit_state,
  interval: number,
  burst: number,
): ratelimit_state {
  state.interval = interval
  state.burst = burst
  state.printed = 0
  state.missed = 0
  state.begin = 0
  state.flags = 0
  return state
}

/** Whether one more may pass. A new interval begins by telling how many did not in the last. */
export function mayPass(state: ratelimit_state, where: string): boolean {
  if (state.interval <= 0 || state.burst <= 0) return state.interval === 0
  const m = machine()
  const now = jiffies(m)
  if (state.begin === 0) state.begin = now
  if (now > state.begin + state.interval) {
    if (state.missed > 0 && !(state.flags & RATELIMIT_MSG_ON_RELEASE)) {
      kernelLog(m).print(4, `${where}: ${state.missed} callbacks suppressed\n`)
      state.missed = 0
    }
    state.begin = now
    state.printed = 0
  }
  if (state.printed < state.burst) {
    state.printed++
    return true
  }
  state.missed++
  return false
}
