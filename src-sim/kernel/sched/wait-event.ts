import { machine } from '../../engine/current'
import { call, type Sim } from '../../engine/suspend'
import { ETIME } from '../errno'
import { MAX_SCHEDULE_TIMEOUT } from '../time/clock'
import { scheduleTimeout } from '../time/sleep'
import { current, mightSleep, scheduleFor } from './schedule'
import { setTaskState, TASK_RUNNING, TASK_UNINTERRUPTIBLE } from './states'
import {
  finishWait, initWait, prepareToWaitEvent, wait_queue_entry, WQ_FLAG_EXCLUSIVE,
  type wait_queue_head,
} from './wait-queue'

/** What the condition of a wait is: evaluated again after each wake-up. */
export type Condition = () => unknown

export interface WaitOptions {
  bits?: number
  exclusive?: boolean
  /** Jiffies. */
  timeout?: number
  what: string
  /** The caller holds a spinlock, which is given up around each sleep. */
  lockHeld?: boolean
  /** Around each sleep, and around nothing else. */
  beforeSleep?: () => unknown
  afterSleep?: () => unknown
  /** Queued behind all others, exclusive or not. */
  atEnd?: boolean
}

/** Runs a callback of the caller's, whatever kind of function it is. */
export const run = (callback: () => unknown): Sim<unknown> => call(callback)

/**
 * All `wait_event` macros: answers 0 or -ERESTARTSYS, and with a timeout what is left of it (at
 * least 1 when the condition came true, 0 when it did not).
 */
export function* waitEvent(
  head: wait_queue_head,
  condition: Condition,
  options: WaitOptions,
): Sim<number> {
  if (!options.lockHeld) mightSleep(options.what)
  const timed = options.timeout !== undefined
  let left = options.timeout ?? MAX_SCHEDULE_TIMEOUT
  if (yield* call(condition)) return timed ? Math.max(1, left) : 0
  if (timed && left === 0) return 0
  const bits = options.bits ?? TASK_UNINTERRUPTIBLE
  const entry = initWait(new wait_queue_entry(), options.exclusive ? WQ_FLAG_EXCLUSIVE : 0)
  for (;;) {
    const interrupted = prepareToWaitEvent(head, entry, bits, options.atEnd)
    if (yield* call(condition)) break
    if (timed && left === 0) break
    if (interrupted !== 0) {
      setTaskState(current(), TASK_RUNNING, 0, null)
      return interrupted
    }
    if (options.beforeSleep) yield* call(options.beforeSleep)
    if (timed) left = yield* scheduleTimeout(left, head, options.what)
    else yield* scheduleFor(head, options.what)
    if (options.afterSleep) yield* call(options.afterSleep)
  }
  finishWait(head, entry)
  if (!timed) return 0
  return (yield* call(condition)) ? Math.max(1, left) : left
}

/** The timeout in nanoseconds: 0, -ETIME when the condition has not come true, -ERESTARTSYS. */
export function* waitEventHrtimeout(
  head: wait_queue_head,
  condition: Condition,
  timeoutNs: number,
  options: WaitOptions,
): Sim<number> {
  const m = machine()
  const task = current()
  const endNs = m.nowNs + timeoutNs
  const over = (): boolean => m.nowNs >= endNs
  const event = m.at(endNs, 'hrtimeout', task, () => m.wake(task))
  let met = false
  const ended = function* (): Sim<boolean> {
    met = !!(yield* call(condition))
    return met || over()
  }
  const ret = yield* waitEvent(head, ended, options)
  m.events.cancel(event)
  return ret !== 0 ? ret : met ? 0 : -ETIME
}
