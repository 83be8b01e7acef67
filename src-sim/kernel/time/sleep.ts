import { machine as currentMachine, now } from '../../engine/current'
import type { Task, TaskState } from '../../engine/exec'
import { hidden } from '../../engine/object'
import { point, type Sim } from '../../engine/suspend'
import { EINTR } from '../errno'
import { kernelLog } from '../printk/log'
import { current, scheduleFor, setCurrentState, sleepOn } from '../sched/schedule'
import { setTaskState, TASK_RUNNING } from '../sched/states'
import { jiffies, MAX_SCHEDULE_TIMEOUT, msecsToJiffies } from './clock'
import { hrtimer, hrtimers, HRTIMER_MODE_REL, HRTIMER_NORESTART } from './hrtimer'
import { CLOCK_MONOTONIC } from './clock'
import { timers, timer_list } from './timer'

/** Sleeping for a time, and burning time. */

const wakeByTimer = (timer: timer_list): void => {
  currentMachine().wake((hidden(timer) as { $task?: Task }).$task!)
}
Object.defineProperty(wakeByTimer, 'name', { value: 'process_timeout' })

/**
 * Sleeps in the state set before, until woken or until that many jiffies are over; answers what
 * is left of them. `object` and `what` tell onlookers what the task waits for.
 */
export function* scheduleTimeout(
  timeout: number,
  object: object | null = null,
  what = 'timeout',
): Sim<number> {
  const machine = currentMachine()
  const task = current()
  if (timeout >= MAX_SCHEDULE_TIMEOUT) {
    yield* scheduleFor(object, what)
    return timeout
  }
  if (timeout < 0) {
    const value = (2 ** 64 + timeout).toString(16)
    kernelLog(machine).print(3, `schedule_timeout: wrong timeout value ${value}\n`)
    setTaskState(task, TASK_RUNNING, 0, null)
    return 0
  }
  const end = jiffies(machine) + timeout
  const timer = new timer_list()
  ;(timer as { $task?: Task }).$task = task
  const all = timers(machine)
  all.setup(timer, wakeByTimer, 0)
  all.modify(timer, end)
  yield* scheduleFor(object, what)
  if (timer.$bucket !== null) all.delete(timer, false)
  return Math.max(0, end - jiffies(machine))
}

/** Sets the state, then sleeps as `scheduleTimeout`. */
export function* sleepJiffies(timeout: number, state: TaskState, what: string): Sim<number> {
  setCurrentState(state)
  return yield* scheduleTimeout(timeout, null, what)
}

export function* msleep(ms: number): Sim {
  let left = msecsToJiffies(currentMachine(), ms)
  while (left > 0) left = yield* sleepJiffies(left, 'uninterruptible', 'time')
}

const wakeByHrtimer = (timer: hrtimer): number => {
  currentMachine().wake((hidden(timer) as { $task?: Task }).$task!)
  return HRTIMER_NORESTART
}
Object.defineProperty(wakeByHrtimer, 'name', { value: 'hrtimer_wakeup' })

/** Sleeps at least `minNs` and at most about `maxNs`, whatever wakes the task meanwhile. */
export function* sleepRangeNs(minNs: number, maxNs: number, state: TaskState): Sim {
  const machine = currentMachine()
  const all = hrtimers(machine)
  const timer = new hrtimer()
  ;(timer as { $task?: Task }).$task = current()
  all.setup(timer, wakeByHrtimer, CLOCK_MONOTONIC, HRTIMER_MODE_REL)
  all.start(timer, minNs, Math.max(0, maxNs - minNs), HRTIMER_MODE_REL)
  while (all.isQueued(timer)) yield* sleepOn(null, 'time', state)
}

/** Sleeps in the state set before: 0 when the time is over, -EINTR when woken earlier. */
export function* scheduleHrtimeout(
  expiresNs: number | null,
  slackNs: number,
  mode: number,
): Sim<number> {
  const task = current()
  if (expiresNs === null) {
    yield* scheduleFor(null, 'for ever')
    return -EINTR
  }
  const all = hrtimers(currentMachine())
  const timer = new hrtimer()
  ;(timer as { $task?: Task }).$task = task
  all.setup(timer, wakeByHrtimer, CLOCK_MONOTONIC, mode)
  all.start(timer, expiresNs, slackNs, mode)
  yield* scheduleFor(null, 'time')
  setTaskState(task, TASK_RUNNING, 0, null)
  return all.tryCancel(timer) === 1 ? -EINTR : 0
}

/** In timed runs long delays are cut, so that interrupts get in between. */
const SLICE_NS = 50_000

/** Burns virtual time on this CPU. */
export function* delayNs(ns: number): Sim {
  const machine = currentMachine()
  const whole = !machine.timed || (now.cpu !== null && now.cpu.irqsOff)
  let left = ns
  while (left > 0) {
    const slice = whole ? left : Math.min(left, Math.max(SLICE_NS, Math.floor(ns / 256)))
    machine.consume(slice)
    left -= slice
    yield point(delayNs, null)
  }
}
