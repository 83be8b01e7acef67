import { kernelCall, quiet } from '../kernel/api'
import type { Sim } from '../engine/suspend'
import * as c from '../kernel/sched/completion'
import type { completion as Completion } from '../kernel/sched/completion'
import {
  TASK_IDLE,
  TASK_INTERRUPTIBLE,
  TASK_KILLABLE,
  TASK_UNINTERRUPTIBLE,
} from '../kernel/sched/states'

/** Brought along, as by the C header. */
export * from './swait'
export * from './wait'

/** Completions, "it has happened": `linux/completion`. Lockdep does not see them. */

export { completion } from '../kernel/sched/completion'

const wait = (name: string, bits: number) =>
  kernelCall(name, (x: Completion) => c.waitForCompletionState(name, x, bits))
const waitTimeout = (name: string, bits: number) =>
  kernelCall(name, (x: Completion, ticks: number) =>
    c.waitForCompletionStateTimeout(name, x, ticks, bits),
  )

/** A static completion: `const done = DECLARE_COMPLETION('done')`. */
export function DECLARE_COMPLETION(_name = ''): Completion {
  return new c.completion()
}
/** One on the stack; it must not be left while somebody may still complete it. */
export const DECLARE_COMPLETION_ONSTACK = DECLARE_COMPLETION
/** Makes a completion ready: nothing has happened, nobody waits. */
export const init_completion = kernelCall('init_completion', c.initCompletion)
/** Forgets what has happened, for the next round. */
export const reinit_completion = kernelCall('reinit_completion', c.reinitCompletion)
/** One more has happened: lets one waiter through. Any context. */
export const complete = kernelCall('complete', c.complete)
/** Lets everybody through, now and later, until `reinit_completion`. */
export const complete_all = kernelCall('complete_all', c.completeAll)
/** Sleeps until it has happened; nothing else ends the wait. */
export const wait_for_completion = kernelCall('wait_for_completion', function (
  x: Completion,
): void | Sim {
  return c.waitForCompletion(x) as void | Sim
})
/** What is left of `timeout` jiffies (at least 1), 0 when they are over. */
export const wait_for_completion_timeout = waitTimeout(
  'wait_for_completion_timeout',
  TASK_UNINTERRUPTIBLE,
)
/** 0, or -ERESTARTSYS when a signal came first. */
export const wait_for_completion_interruptible = wait(
  'wait_for_completion_interruptible',
  TASK_INTERRUPTIBLE,
)
export const wait_for_completion_killable = wait('wait_for_completion_killable', TASK_KILLABLE)
/** As `wait_for_completion`, but nobody misses the sleeper. */
export const wait_for_completion_idle = wait('wait_for_completion_idle', TASK_IDLE)
export const wait_for_completion_interruptible_timeout = waitTimeout(
  'wait_for_completion_interruptible_timeout',
  TASK_INTERRUPTIBLE,
)
export const wait_for_completion_killable_timeout = waitTimeout(
  'wait_for_completion_killable_timeout',
  TASK_KILLABLE,
)
/** True when it had happened (and one is taken); never sleeps. */
export const try_wait_for_completion = kernelCall('try_wait_for_completion', c.tryWaitForCompletion)
/** Whether a wait would go through at once. */
export const completion_done = kernelCall('completion_done', c.completionDone)
for (const f of [DECLARE_COMPLETION]) quiet(f)

/** A completion in its first state, for initialisers. */
export const COMPLETION_INITIALIZER = DECLARE_COMPLETION
export const COMPLETION_INITIALIZER_ONSTACK = DECLARE_COMPLETION
/** Sleeps in the state `bits`: 0, or -ERESTARTSYS when a signal that it listens to came first. */
export const wait_for_completion_state = kernelCall(
  'wait_for_completion_state',
  (x: Completion, bits: number) => c.waitForCompletionState('wait_for_completion_state', x, bits),
)
/** As the plain forms, counted as waiting for I/O. */
export const wait_for_completion_io = wait_for_completion
export const wait_for_completion_io_timeout = wait_for_completion_timeout
/** As `complete`, for a waiter that is to run on this CPU. */
export const complete_on_current_cpu = complete
