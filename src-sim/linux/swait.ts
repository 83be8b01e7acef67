import { KernelObject } from '../engine/object'
import type { Sim } from '../engine/suspend'
import { kernelCall, kernelFrame, quiet } from '../kernel/api'
import { waitEvent, type WaitOptions } from '../kernel/sched/wait-event'
import { wait_queue_head, wakeUpQueue } from '../kernel/sched/wait-queue'
import { TASK_IDLE, TASK_INTERRUPTIBLE, TASK_NORMAL } from '../kernel/sched/states'

/** Brought along, as by the C header. */
export * from './list'
export * from './spinlock'

/** Simple wait queues, for hardirq context on real-time kernels: `linux/swait`. */

export class swait_queue_head extends KernelObject {
  /** @internal */
  readonly $queue = new wait_queue_head()
}
type Head = swait_queue_head

export const DECLARE_SWAIT_QUEUE_HEAD = quiet((_name = ''): Head => new swait_queue_head())
export const init_swait_queue_head = kernelCall('init_swait_queue_head', (head: Head): void => {
  head.$queue.$entries.length = 0
})

function waits(name: string, options: Partial<WaitOptions>) {
  return kernelFrame(name, (head: Head, condition: () => unknown): Sim<number> =>
    waitEvent(head.$queue, condition, { ...options, exclusive: true, what: name }),
  )
}
function waitsUpTo(name: string, options: Partial<WaitOptions>) {
  return kernelFrame(name, (head: Head, condition: () => unknown, timeout: number): Sim<number> =>
    waitEvent(head.$queue, condition, { ...options, timeout, exclusive: true, what: name }),
  )
}
/** Sleeps until the condition is true. */
export const swait_event_exclusive = waits('swait_event_exclusive', {})
export const swait_event_timeout_exclusive = waitsUpTo('swait_event_timeout_exclusive', {})
/** 0, or -ERESTARTSYS when a signal came. */
export const swait_event_interruptible_exclusive = waits('swait_event_interruptible_exclusive', {
  bits: TASK_INTERRUPTIBLE,
})
export const swait_event_interruptible_timeout_exclusive = waitsUpTo(
  'swait_event_interruptible_timeout_exclusive',
  { bits: TASK_INTERRUPTIBLE },
)
export const swait_event_idle_exclusive = waits('swait_event_idle_exclusive', { bits: TASK_IDLE })

/** Wakes one waiter (all waiters). Any context; all: not from hardirq. */
export const swake_up_one = kernelCall('swake_up_one', (head: Head) =>
  wakeUpQueue(head.$queue, TASK_NORMAL, 1),
)
export const swake_up_all = kernelCall('swake_up_all', (head: Head) =>
  wakeUpQueue(head.$queue, TASK_NORMAL, 0),
)
export const swait_active = kernelCall('swait_active', (head: Head): boolean =>
  head.$queue.$entries.length > 0,
)
export const swq_has_sleeper = swait_active
