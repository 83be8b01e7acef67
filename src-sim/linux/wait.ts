import { kernelCall, kernelFrame, quiet } from '../kernel/api'
import type { Sim } from '../engine/suspend'
import * as e from '../kernel/sched/wait-event'
import { tryToFreeze } from '../kernel/sched/freezer'
import * as q from '../kernel/sched/wait-queue'
import type { wait_queue_entry as Entry, wait_queue_head as Head } from '../kernel/sched/wait-queue'
import { defaultLockName } from '../kernel/locking/map'
import { initSpinlock } from '../kernel/locking/spinlock'
import type { task_struct } from '../kernel/sched/task'
import {
  TASK_IDLE,
  TASK_INTERRUPTIBLE,
  TASK_KILLABLE,
  TASK_NORMAL,
  TASK_UNINTERRUPTIBLE,
} from '../kernel/sched/states'

/** Brought along, as by the C header. */
export * from './list'
export * from './spinlock'

/**
 * Wait queues: `linux/wait`. The condition of a `wait_event` is a function, evaluated again after
 * every wake-up: `wait_event(wq, () => dev.ready)`. Whoever makes it true wakes the queue after.
 */

export {
  wait_queue_entry,
  wait_queue_head,
  WQ_FLAG_EXCLUSIVE,
  WQ_FLAG_PRIORITY,
  WQ_FLAG_WOKEN,
} from '../kernel/sched/wait-queue'
export const wait_queue_head_t = q.wait_queue_head
export type wait_queue_head_t = Head
export const wait_queue_entry_t = q.wait_queue_entry
export type wait_queue_entry_t = Entry

type Condition = () => unknown
const POLLHUP = 0x10
const POLLFREE = 0x4000

/** A static queue: `const wq = DECLARE_WAIT_QUEUE_HEAD('wq')`. */
export const DECLARE_WAIT_QUEUE_HEAD = quiet(function DECLARE_WAIT_QUEUE_HEAD(_name = ''): Head {
  const head = new q.wait_queue_head()
  initSpinlock(head.lock)
  return head
})
export const DECLARE_WAIT_QUEUE_HEAD_ONSTACK = DECLARE_WAIT_QUEUE_HEAD
/** Makes a queue ready for use. */
export const init_waitqueue_head = kernelCall('init_waitqueue_head', function (head: Head): void {
  initSpinlock(head.lock, defaultLockName(head))
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
/** As `init_wait`, with flags. */
export const init_wait_entry = kernelCall(
  'init_wait_entry',
  (entry: Entry, flags: number): void => void q.initWait(entry, flags),
)
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
/** Adds a waiter ahead of the plain ones. */
export const add_wait_queue_priority = kernelCall(
  'add_wait_queue_priority',
  q.addWaitQueuePriority,
)
/** The same for one that takes the wake-up; -EBUSY when there is one already. */
export const add_wait_queue_priority_exclusive = kernelCall(
  'add_wait_queue_priority_exclusive',
  q.addWaitQueuePriorityExclusive,
)
/** Removes a waiter; no wake function of it runs any more. */
export const remove_wait_queue = kernelCall('remove_wait_queue', q.removeWaitQueue)
/** The same for callers that hold `head->lock`. */
export const __add_wait_queue = kernelCall('__add_wait_queue', (head: Head, entry: Entry): void =>
  q.linkWaiter(head, entry, false),
)
export const __add_wait_queue_entry_tail = kernelCall(
  '__add_wait_queue_entry_tail',
  (head: Head, entry: Entry): void => q.linkWaiter(head, entry, true),
)
export const __remove_wait_queue = kernelCall('__remove_wait_queue', q.unlinkWaiter)
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

function waits(name: string, options: Partial<e.WaitOptions>) {
  return kernelFrame(name, (head: Head, condition: Condition): Sim<number> =>
    e.waitEvent(head, condition, { ...options, what: name }),
  )
}
function waitsUpTo(name: string, options: Partial<e.WaitOptions>) {
  return kernelFrame(name, (head: Head, condition: Condition, timeout: number): Sim<number> =>
    e.waitEvent(head, condition, { ...options, timeout, what: name }),
  )
}
function waitsVoid(name: string, options: Partial<e.WaitOptions>) {
  return kernelFrame(name, (head: Head, condition: Condition): Sim =>
    e.waitEvent(head, condition, { ...options, what: name }) as Sim<never>,
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
/** As `wait_event_interruptible`; a thread that the machine's sleep stops goes on waiting after it. */
export const wait_event_freezable = waits('wait_event_freezable', {
  bits: TASK_INTERRUPTIBLE,
  afterSleep: tryToFreeze,
})
/** As `wait_event_timeout`, or -ERESTARTSYS. */
export const wait_event_interruptible_timeout = waitsUpTo('wait_event_interruptible_timeout', {
  bits: TASK_INTERRUPTIBLE,
})
export const wait_event_freezable_timeout = waitsUpTo('wait_event_freezable_timeout', {
  bits: TASK_INTERRUPTIBLE,
  afterSleep: tryToFreeze,
})
/** Only a fatal signal ends the wait early. */
export const wait_event_killable = waits('wait_event_killable', { bits: TASK_KILLABLE })
export const wait_event_killable_timeout = waitsUpTo('wait_event_killable_timeout', {
  bits: TASK_KILLABLE,
})
/** Sleeps in `state`: 0, or -ERESTARTSYS when a signal that this state listens to came. */
export const wait_event_state = kernelFrame(
  'wait_event_state',
  (head: Head, condition: Condition, bits: number): Sim<number> =>
    e.waitEvent(head, condition, { bits, what: 'wait_event_state' }),
)
/** As `wait_event`, counted as waiting for I/O. */
export const io_wait_event = waitsVoid('io_wait_event', {})
export const wait_event_idle_exclusive_timeout = waitsUpTo('wait_event_idle_exclusive_timeout', {
  bits: TASK_IDLE,
  exclusive: true,
})
export const wait_event_freezable_exclusive = waits('wait_event_freezable_exclusive', {
  afterSleep: tryToFreeze,
  bits: TASK_INTERRUPTIBLE,
  exclusive: true,
})

function waitsUpToNs(name: string, bits: number) {
  return kernelFrame(name, (head: Head, condition: Condition, timeout: number): Sim<number> =>
    e.waitEventHrtimeout(head, condition, timeout, { bits, what: name }),
  )
}
/** `timeout` in nanoseconds: 0 when the condition came true, -ETIME when it did not. */
export const wait_event_hrtimeout = waitsUpToNs('wait_event_hrtimeout', TASK_UNINTERRUPTIBLE)
/** The same, or -ERESTARTSYS. */
export const wait_event_interruptible_hrtimeout = waitsUpToNs(
  'wait_event_interruptible_hrtimeout',
  TASK_INTERRUPTIBLE,
)
/** One wake-up reaches one of the exclusive waiters. */
export const wait_event_interruptible_exclusive = waits('wait_event_interruptible_exclusive', {
  bits: TASK_INTERRUPTIBLE,
  exclusive: true,
})
export const wait_event_killable_exclusive = waits('wait_event_killable_exclusive', {
  bits: TASK_KILLABLE,
  exclusive: true,
})

export * from './wait/locked'
/** Runs `before` ahead of each sleep and `after` behind it. */
export const wait_event_cmd = kernelCall('wait_event_cmd', function* (
  head: Head,
  condition: Condition,
  before: () => unknown,
  after: () => unknown,
): Sim {
  yield* e.waitEvent(
    head,
    condition,
    { beforeSleep: before, afterSleep: after, what: 'wait_event_cmd' },
  )
})

/** As `wait_event_cmd`, for a waiter that wants wake-ups for itself. */
export const wait_event_exclusive_cmd = kernelCall('wait_event_exclusive_cmd', function* (
  head: Head,
  condition: Condition,
  before: () => unknown,
  after: () => unknown,
): Sim {
  const around = { beforeSleep: before, afterSleep: after, exclusive: true }
  yield* e.waitEvent(head, condition, { ...around, what: 'wait_event_exclusive_cmd' })
})

function wakes(name: string, mode: number, nr: number) {
  return kernelCall(name, (head: Head): void | Sim => q.wakeUpTakingLock(head, mode, nr))
}
function wakesLocked(name: string, nr: number) {
  return kernelCall(name, (head: Head): void | Sim => q.wakeUpQueue(head, TASK_NORMAL, nr))
}
function wakesNr(name: string, mode: number) {
  return kernelCall(name, (head: Head, nr: number): void | Sim => q.wakeUpTakingLock(head, mode, nr))
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
export const wake_up_locked = wakesLocked('wake_up_locked', 1)
export const wake_up_all_locked = wakesLocked('wake_up_all_locked', 0)
export const wake_up_sync = wakes('wake_up_sync', TASK_NORMAL, 1)
/** Wakes those who poll; `key` says what has become possible. */
export const wake_up_poll = kernelCall('wake_up_poll', (head: Head, key: number): void | Sim =>
  q.wakeUpTakingLock(head, TASK_NORMAL, 1, key),
)
export const wake_up_interruptible_poll = kernelCall(
  'wake_up_interruptible_poll',
  (head: Head, key: number): void | Sim => q.wakeUpTakingLock(head, TASK_INTERRUPTIBLE, 1, key),
)
export const wake_up_interruptible_sync_poll = wake_up_interruptible_poll
export const wake_up_locked_poll = kernelCall(
  'wake_up_locked_poll',
  (head: Head, key: number): void | Sim => q.wakeUpQueue(head, TASK_NORMAL, 1, key),
)
/** Tells pollers that the queue goes away: all entries leave it. */
export const wake_up_pollfree = kernelCall('wake_up_pollfree', (head: Head): void | Sim =>
  q.wakeUpTakingLock(head, TASK_NORMAL, 0, POLLHUP | POLLFREE),
)
/** Whether exactly one waits. */
export const wq_has_single_sleeper = kernelCall('wq_has_single_sleeper', (head: Head): boolean =>
  head.$entries.length === 1,
)
/** Whether anybody waits; needs a barrier of the caller's own. */
export const waitqueue_active = kernelCall('waitqueue_active', (head: Head): number =>
  head.$entries.length > 0 ? 1 : 0,
)
/** The same with the barrier. */
export const wq_has_sleeper = kernelCall('wq_has_sleeper', (head: Head): boolean =>
  head.$entries.length > 0,
)
