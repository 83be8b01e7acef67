import { machine } from '../../engine/current'
import type { Sim } from '../../engine/suspend'
import { jiffies, jiffyStartNs, MAX_SCHEDULE_TIMEOUT } from '../time/clock'
import { current, scheduleFor } from './schedule'

/**
 * Sleeps in the state set before, for at most `ticks` jiffies: until the nth tick from now.
 * Answers how many were left when something else woke it.
 */
export function* scheduleTimeout(
  ticks: number,
  object: object | null = null,
  what = 'timeout',
): Sim<number> {
  if (ticks >= MAX_SCHEDULE_TIMEOUT) {
    yield* scheduleFor(object, what)
    return ticks
  }
  const m = machine()
  const task = current()
  const end = jiffies(m) + Math.max(0, ticks)
  const event = m.at(jiffyStartNs(m, end), `timeout ${task.comm}`, task, () => m.wake(task))
  yield* scheduleFor(object, what)
  m.events.cancel(event)
  return Math.max(0, end - jiffies(m))
}
