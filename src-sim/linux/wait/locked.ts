import type { Sim } from '../../engine/suspend'
import { kernelCall, kernelFrame } from '../../kernel/api'
import {
  raw_spinlock_t, spinLock, spinLockIrq, spinUnlock, spinUnlockIrq,
} from '../../kernel/locking/spinlock'
import { TASK_INTERRUPTIBLE } from '../../kernel/sched/states'
import * as e from '../../kernel/sched/wait-event'
import type { wait_queue_head as Head } from '../../kernel/sched/wait-queue'

/** Waiting with a spinlock held, which is given up while the task sleeps. Part of `linux/wait`. */

type Condition = () => unknown
type Around = Pick<e.WaitOptions, 'beforeSleep' | 'afterSleep' | 'lockHeld'>

const givingUpIrq = (lock: raw_spinlock_t, command?: () => unknown): Around => ({
  lockHeld: true,
  *beforeSleep() {
    spinUnlockIrq(lock)
    if (command) yield* e.run(command)
  },
  afterSleep: () => spinLockIrq(lock),
})

/** Called with `lock` held and interrupts off. */
export const wait_event_lock_irq = kernelCall('wait_event_lock_irq', function* (
  head: Head, condition: Condition, lock: raw_spinlock_t,
): Sim {
  yield* e.waitEvent(head, condition, { ...givingUpIrq(lock), what: 'wait_event_lock_irq' })
})
/** Runs `cmd` each time the lock has been given up. */
export const wait_event_lock_irq_cmd = kernelCall('wait_event_lock_irq_cmd', function* (
  head: Head, condition: Condition, lock: raw_spinlock_t, cmd: () => unknown,
): Sim {
  const around = givingUpIrq(lock, cmd)
  yield* e.waitEvent(head, condition, { ...around, what: 'wait_event_lock_irq_cmd' })
})
/** What is left of `timeout` jiffies (at least 1), or 0. */
export const wait_event_lock_irq_timeout = kernelFrame('wait_event_lock_irq_timeout', (
  head: Head, condition: Condition, lock: raw_spinlock_t, timeout: number,
): Sim<number> =>
  e.waitEvent(head, condition, {
    ...givingUpIrq(lock), timeout, what: 'wait_event_lock_irq_timeout',
  }),
)

function interruptible(name: string) {
  return kernelFrame(name, (
    head: Head, condition: Condition, lock: raw_spinlock_t, cmd?: () => unknown,
  ): Sim<number> =>
    e.waitEvent(head, condition, {
      ...givingUpIrq(lock, cmd), bits: TASK_INTERRUPTIBLE, what: name,
    }),
  )
}
/** 0, or -ERESTARTSYS when a signal came while the condition was false. */
export const wait_event_interruptible_lock_irq = interruptible('wait_event_interruptible_lock_irq')
export const wait_event_interruptible_lock_irq_cmd = interruptible(
  'wait_event_interruptible_lock_irq_cmd',
)
/** As `wait_event_lock_irq_timeout`, or -ERESTARTSYS. */
export const wait_event_interruptible_lock_irq_timeout = kernelFrame(
  'wait_event_interruptible_lock_irq_timeout',
  (head: Head, condition: Condition, lock: raw_spinlock_t, timeout: number): Sim<number> =>
    e.waitEvent(head, condition, {
      ...givingUpIrq(lock), timeout, bits: TASK_INTERRUPTIBLE,
      what: 'wait_event_interruptible_lock_irq_timeout',
    }),
)

function withQueueLock(name: string, irq: boolean, exclusive: boolean) {
  return kernelFrame(name, (head: Head, condition: Condition): Sim<number> =>
    e.waitEvent(head, condition, {
      lockHeld: true,
      beforeSleep: () => (irq ? spinUnlockIrq(head.lock) : spinUnlock(head.lock)),
      afterSleep: () => (irq ? spinLockIrq(head.lock) : spinLock(head.lock)),
      bits: TASK_INTERRUPTIBLE,
      exclusive,
      atEnd: true,
      what: name,
    }),
  )
}
/** Called with the queue's own lock held; wakers use `wake_up_locked`. */
export const wait_event_interruptible_locked = withQueueLock(
  'wait_event_interruptible_locked', false, false,
)
export const wait_event_interruptible_locked_irq = withQueueLock(
  'wait_event_interruptible_locked_irq', true, false,
)
export const wait_event_interruptible_exclusive_locked = withQueueLock(
  'wait_event_interruptible_exclusive_locked', false, true,
)
export const wait_event_interruptible_exclusive_locked_irq = withQueueLock(
  'wait_event_interruptible_exclusive_locked_irq', true, true,
)
