import { kernelCall, quiet } from '../kernel/api'
import type { Sim } from '../engine/suspend'
import * as q from '../kernel/sched/wait-queue'
import type { wait_queue_entry as Entry, wait_queue_head as Head } from '../kernel/sched/wait-queue'
import type { raw_spinlock_t } from '../kernel/locking/spinlock'
import { spinLockIrq, spinUnlockIrq } from '../kernel/locking/spinlock'
import type { task_struct } from '../kernel/sched/task'
import {
  TASK_IDLE,
  TASK_INTERRUPTIBLE,
  TASK_KILLABLE,
  TASK_NORMAL,
} from '../kernel/sched/states'

/**
 * Wait queues: `linux/wait`. The condition of a `wait_event` is a function, evaluated again after
 * every wake-up: `wait_event(wq, () => dev.ready)`. Whoever makes it true wakes the queue after.
 */

export {
  wait_queue_entry,
  wait_queue_head,
  WQ_FLAG_EXCLUSIVE,
  WQ_FLAG_WOKEN,
} from '../kernel/sched/wait-queue'
export type wait_queue_head_t = Head
export type wait_queue_entry_t = Entry

type Condition = () => unknown

/** A static queue: `const wq = DECLARE_WAIT_QUEUE_HEAD('wq')`. */
export const DECLARE_WAIT_QUEUE_HEAD = quiet(function DECLARE_WAIT_QUEUE_HEAD(_name = ''): Head {
  return new q.wait_queue_head()
})
export const DECLARE_WAIT_QUEUE_HEAD_ONSTACK = DECLARE_WAIT_QUEUE_HEAD
/** Makes a queue ready for use. */
export const init_waitqueue_head = kernelCall('init_waitqueue_head', function (head: Head): void {
  head.$entries.length = 0
})
/** An entry for the running task that leaves the queue when it is woken. */
export const DEFINE_WAIT = quiet(function DEFINE_WAIT(_name = ''): Entry {
  return q.initWait(new q.wait_queue_entry())
})
/** An entry with a wake function of one's own. */
export const DEFINE_WAIT_FUNC = quiet(function DEFINE_WAIT_FUNC(_name: string, f: q.WakeFunction): Entry {
  const entry = q.initWait(new q.wait_queue_entry())
  entry.func = f
  return entry
})
/** An entry for `task` that stays queued until it is removed. */
export const DECLARE_WAITQUEUE = quiet(function DECLARE_WAITQUEUE(_name: string, task: task_struct): Entry {
  return initEntry(new q.wait_queue_entry(), task)
})
function initEntry(entry: Entry, task: task_struct | null): Entry {
  entry.flags = 0
  entry.private = task
  entry.func = q.defaultWakeFunction
  return entry
}
export const init_wait = kernelCall('init_wait', (entry: Entry): void => void q.initWait(entry))
export const init_waitqueue_entry = kernelCall(
  'init_waitqueue_entry',
  (entry: Entry, task: task_struct): void => void initEntry(entry, task),
)
export const init_waitqueue_func_entry = kernelCall(
  'init_waitqueue_func_entry',
  function (entry: Entry, func: q.WakeFunction): void {
    initEntry(entry, null).func = func
  },
)
export const default_wake_function = q.defaultWakeFunction
export const autoremove_wake_function = q.autoremoveWakeFunction
export const woken_wake_function = q.wokenWakeFunction

/** Adds a waiter at the head; every wake-up reaches it. */
export const add_wait_queue = kernelCall('add_wait_queue', q.addWaitQueue)
/** Adds a waiter at the end; one wake-up reaches one of these. */
export const add_wait_queue_exclusive = kernelCall(
  'add_wait_queue_exclusive',
  q.addWaitQueueExclusive,
)
/** Removes a waiter; no wake function of it runs any more. */
export const remove_wait_queue = kernelCall('remove_wait_queue', q.removeWaitQueue)
/** Queues the entry and sets the task's state; then test the condition, then `schedule`. */
export const prepare_to_wait = kernelCall('prepare_to_wait', (h: Head, e: Entry, state: number) =>
  q.prepareToWait(h, e, state),
)
/** The same for a waiter that wants wake-ups for itself. True when it is the first one. */
export const prepare_to_wait_exclusive = kernelCall(
  'prepare_to_wait_exclusive',
  q.prepareToWaitExclusive,
)
/** 0, or -ERESTARTSYS with a signal pending (then nothing is queued). */
export const prepare_to_wait_event = kernelCall('prepare_to_wait_event', q.prepareToWaitEvent)
/** Back to running, and off the queue. */
export const finish_wait = kernelCall('finish_wait', q.finishWait)
/** Sleeps unless the entry was woken since; answers what is left of `timeout` jiffies. */
export const wait_woken = kernelCall('wait_woken', q.waitWoken)

function waits(name: string, options: Partial<q.WaitOptions>) {
  return kernelCall(name, (head: Head, condition: Condition): Sim<number> =>
    q.waitEvent(head, condition, { ...options, what: name }),
  )
}
function waitsUpTo(name: string, options: Partial<q.WaitOptions>) {
  return kernelCall(name, (head: Head, condition: Condition, timeout: number): Sim<number> =>
    q.waitEvent(head, condition, { ...options, timeout, what: name }),
  )
}
function waitsVoid(name: string, options: Partial<q.WaitOptions>) {
  return kernelCall(name, (head: Head, condition: Condition): Sim =>
    q.waitEvent(head, condition, { ...options, what: name }) as Sim<never>,
  )
}

/** Sleeps until the condition is true; nothing else ends the wait. */
export const wait_event = waitsVoid('wait_event', {})
export const wait_event_idle = waitsVoid('wait_event_idle', { bits: TASK_IDLE })
export const wait_event_idle_exclusive = waitsVoid('wait_event_idle_exclusive', {
  bits: TASK_IDLE,
  exclusive: true,
})
/** What is left of `timeout` jiffies (at least 1) when the condition came true, else 0. */
export const wait_event_timeout = waitsUpTo('wait_event_timeout', {})
export const wait_event_idle_timeout = waitsUpTo('wait_event_idle_timeout', { bits: TASK_IDLE })
/** 0, or -ERESTARTSYS when a signal came while the condition was false. */
export const wait_event_interruptible = waits('wait_event_interruptible', {
  bits: TASK_INTERRUPTIBLE,
})
export const wait_event_freezable = waits('wait_event_freezable', { bits: TASK_INTERRUPTIBLE })
/** As `wait_event_timeout`, or -ERESTARTSYS. */
export const wait_event_interruptible_timeout = waitsUpTo('wait_event_interruptible_timeout', {
  bits: TASK_INTERRUPTIBLE,
})
export const wait_event_freezable_timeout = waitsUpTo('wait_event_freezable_timeout', {
  bits: TASK_INTERRUPTIBLE,
})
/** Only a fatal signal ends the wait early. */
export const wait_event_killable = waits('wait_event_killable', { bits: TASK_KILLABLE })
export const wait_event_killable_timeout = waitsUpTo('wait_event_killable_timeout', {
  bits: TASK_KILLABLE,
})
/** One wake-up reaches one of the exclusive waiters. */
export const wait_event_interruptible_exclusive = waits('wait_event_interruptible_exclusive', {
  bits: TASK_INTERRUPTIBLE,
  exclusive: true,
})
export const wait_event_killable_exclusive = waits('wait_event_killable_exclusive', {
  bits: TASK_KILLABLE,
  exclusive: true,
})

function locked(lock: raw_spinlock_t): Pick<q.WaitOptions, 'beforeSleep' | 'afterSleep'> {
  return { beforeSleep: () => spinUnlockIrq(lock), afterSleep: () => spinLockIrq(lock) }
}
/** Called with `lock` held and interrupts off; the lock is given up while it sleeps. */
export const wait_event_lock_irq = kernelCall('wait_event_lock_irq', function* (
  head: Head,
  condition: Condition,
  lock: raw_spinlock_t,
): Sim {
  yield* q.waitEvent(
    head,
    condition,
    { ...locked(lock), lockHeld: true, what: 'wait_event_lock_irq' },
  )
})
export const wait_event_interruptible_lock_irq = kernelCall(
  'wait_event_interruptible_lock_irq',
  (head: Head, condition: Condition, lock: raw_spinlock_t): Sim<number> =>
    q.waitEvent(head, condition, {
      ...locked(lock),
      lockHeld: true,
      bits: TASK_INTERRUPTIBLE,
      what: 'wait_event_interruptible_lock_irq',
    }),
)
/** Runs `before` ahead of each sleep and `after` behind it. */
export const wait_event_cmd = kernelCall('wait_event_cmd', function* (
  head: Head,
  condition: Condition,
  before: () => unknown,
  after: () => unknown,
): Sim {
  yield* q.waitEvent(
    head,
    condition,
    { beforeSleep: before, afterSleep: after, what: 'wait_event_cmd' },
  )
})

function wakes(name: string, mode: number, nr: number) {
  return kernelCall(name, (head: Head): void | Sim => q.wakeUpQueue(head, mode, nr))
}
function wakesNr(name: string, mode: number) {
  return kernelCall(name, (head: Head, nr: number): void | Sim => q.wakeUpQueue(head, mode, nr))
}
/** Wakes all plain waiters and one exclusive one. Any context. */
export const wake_up = wakes('wake_up', TASK_NORMAL, 1)
export const wake_up_nr = wakesNr('wake_up_nr', TASK_NORMAL)
/** Wakes all waiters. */
export const wake_up_all = wakes('wake_up_all', TASK_NORMAL, 0)
/** As `wake_up`, for those in interruptible sleep. */
export const wake_up_interruptible = wakes('wake_up_interruptible', TASK_INTERRUPTIBLE, 1)
export const wake_up_interruptible_nr = wakesNr('wake_up_interruptible_nr', TASK_INTERRUPTIBLE)
export const wake_up_interruptible_all = wakes('wake_up_interruptible_all', TASK_INTERRUPTIBLE, 0)
export const wake_up_interruptible_sync = wakes('wake_up_interruptible_sync', TASK_INTERRUPTIBLE, 1)
/** For callers that hold the queue's own lock. */
export const wake_up_locked = wakes('wake_up_locked', TASK_NORMAL, 1)
/** Wakes those who poll; `key` says what has become possible. */
export const wake_up_poll = kernelCall('wake_up_poll', (head: Head, key: number): void | Sim =>
  q.wakeUpQueue(head, TASK_NORMAL, 1, key),
)
export const wake_up_interruptible_poll = kernelCall(
  'wake_up_interruptible_poll',
  (head: Head, key: number): void | Sim => q.wakeUpQueue(head, TASK_INTERRUPTIBLE, 1, key),
)
/** Whether anybody waits; needs a barrier of the caller's own. */
export const waitqueue_active = kernelCall('waitqueue_active', (head: Head): number =>
  head.$entries.length > 0 ? 1 : 0,
)
/** The same with the barrier. */
export const wq_has_sleeper = kernelCall('wq_has_sleeper', (head: Head): boolean =>
  head.$entries.length > 0,
)
