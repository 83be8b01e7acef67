import { KernelObject } from '../engine/object'
import type { Sim } from '../engine/suspend'
import { EINTR } from './errno'
import { kernelCall, kernelFrame } from '../kernel/api'
import { acquireOn, releaseOn } from '../kernel/locking/access'
import { currentStruct, wakeUpProcess, type task_struct } from '../kernel/sched/task'
import { waitEvent } from '../kernel/sched/wait-event'
import { wait_queue_head } from '../kernel/sched/wait-queue'

/** Brought along, as by the C header. */
export * from './rcupdate'
export * from './sched/signal'

/** Waiting of a single task, without a queue: `linux/rcuwait`. */

export class rcuwait extends KernelObject {
  task: task_struct | null = null
  /** @internal What the sleeping task is on. */
  readonly $queue = new wait_queue_head()
}

export const rcuwait_init = kernelCall('rcuwait_init', (w: rcuwait): void => {
  w.task = null
})
/** Whether a task waits. */
export const rcuwait_active = kernelCall('rcuwait_active', (w: rcuwait): boolean => w.task !== null)

/**
 * Sleeps in `state` until the condition is true. 0, or -EINTR when a signal came first. Only one
 * task at a time.
 */
export const rcuwait_wait_event = kernelFrame(
  'rcuwait_wait_event',
  function* (w: rcuwait, condition: () => unknown, state: number): Sim<number> {
    w.task = currentStruct()
    const ret = yield* waitEvent(w.$queue, condition, { bits: state, what: 'rcuwait_wait_event' })
    w.task = null
    acquireOn(w)
    return ret ? -EINTR : 0
  },
)

/** Wakes the task that waits, if there is one. 1 when it was asleep. Any context. */
export const rcuwait_wake_up = kernelCall('rcuwait_wake_up', (w: rcuwait): number => {
  releaseOn(w)
  return w.task === null ? 0 : wakeUpProcess(w.task)
})
