import { machine } from '../../engine/current'
import type { Task } from '../../engine/exec'
import { KernelObject } from '../../engine/object'
import { call, Suspend, type Sim } from '../../engine/suspend'
import { wake_up } from '../../trace/events'
import { emit } from '../emit'
import { memoryAccess } from '../mm/watch'
import { EBUSY, ERESTARTSYS } from '../errno'
import { heldChecker } from '../locking/assert'
import { spinlock_t, spinLockIrqsave, spinUnlockIrqrestore } from '../locking/spinlock'
import { current } from './schedule'
import { signalPendingState } from './signal'
import { setTaskState, TASK_RUNNING } from './states'
import { taskStruct, tryToWake, type task_struct } from './task'
import { scheduleTimeout } from '../time/sleep'

export const WQ_FLAG_EXCLUSIVE = 1
export const WQ_FLAG_WOKEN = 2
export const WQ_FLAG_PRIORITY = 0x10

/** Called for each waiter: > 0 woken, 0 not, < 0 stop. */
export type WakeFunction = (
  entry: wait_queue_entry,
  mode: number,
  flags: number,
  key: unknown,
) => number

/** Where tasks wait until somebody wakes them. */
export class wait_queue_head extends KernelObject {
  /** Taken by wake-ups that find it held or that call functions of drivers; others need no lock. */
  lock = new spinlock_t()
  /** @internal Head first. */
  readonly $entries: wait_queue_entry[] = []
}

/** One waiter. */
export class wait_queue_entry extends KernelObject {
  flags = 0
  private: task_struct | null = null
  func: WakeFunction = defaultWakeFunction
  /** @internal The queue it is on. */
  $head: wait_queue_head | null = null
}

export function defaultWakeFunction(entry: wait_queue_entry, mode: number): number {
  return entry.private !== null && tryToWake(entry.private.$task, mode) ? 1 : 0
}

/** Takes the entry off its queue when it woke its task: the usual function. */
export function autoremoveWakeFunction(entry: wait_queue_entry, mode: number): number {
  const woken = defaultWakeFunction(entry, mode)
  if (woken !== 0) unlink(entry)
  return woken
}

function unlink(entry: wait_queue_entry): void {
  const head = entry.$head
  if (head === null) return
  head.$entries.splice(head.$entries.indexOf(entry), 1)
  entry.$head = null
}

function link(head: wait_queue_head, entry: wait_queue_entry, atEnd: boolean): void {
  entry.$head = head
  if (atEnd) {
    head.$entries.push(entry)
    return
  }
  let at = 0
  if (!(entry.flags & WQ_FLAG_PRIORITY))
    while (at < head.$entries.length && head.$entries[at]!.flags & WQ_FLAG_PRIORITY) at++
  head.$entries.splice(at, 0, entry)
}

export function initWait(entry: wait_queue_entry, flags = 0): wait_queue_entry {
  entry.flags = flags
  entry.private = taskStruct(current())
  entry.func = autoremoveWakeFunction
  entry.$head = null
  return entry
}

export function addWaitQueue(head: wait_queue_head, entry: wait_queue_entry): void {
  entry.flags &= ~WQ_FLAG_EXCLUSIVE
  link(head, entry, false)
}

export function addWaitQueueExclusive(head: wait_queue_head, entry: wait_queue_entry): void {
  entry.flags |= WQ_FLAG_EXCLUSIVE
  link(head, entry, true)
}

export function addWaitQueuePriority(head: wait_queue_head, entry: wait_queue_entry): void {
  entry.flags |= WQ_FLAG_PRIORITY
  link(head, entry, false)
}

export function addWaitQueuePriorityExclusive(
  head: wait_queue_head,
  entry: wait_queue_entry,
): number {
  const first = head.$entries[0]
  if (first && first.flags & WQ_FLAG_PRIORITY) return -EBUSY
  entry.flags |= WQ_FLAG_EXCLUSIVE | WQ_FLAG_PRIORITY
  link(head, entry, false)
  return 0
}

/** For callers that hold the lock of the queue. */
export function linkWaiter(head: wait_queue_head, entry: wait_queue_entry, atEnd: boolean): void {
  heldChecker(machine()).assert(head.lock.dep_map)
  link(head, entry, atEnd)
}

/** Waits for a wake function that is running: those run under the lock of the queue. */
export function removeWaitQueue(head: wait_queue_head, entry: wait_queue_entry): void | Sim {
  if (head.lock.$locked) return removeUnderLock(head, entry)
  unlink(entry)
  return undefined
}

function* removeUnderLock(head: wait_queue_head, entry: wait_queue_entry): Sim {
  const taken = spinLockIrqsave(head.lock)
  const flags = typeof taken === 'number' ? taken : yield* taken
  unlink(entry)
  spinUnlockIrqrestore(head.lock, flags)
}

/** For callers that hold the lock of the queue. */
export function unlinkWaiter(head: wait_queue_head, entry: wait_queue_entry): void {
  heldChecker(machine()).assert(head.lock.dep_map)
  unlink(entry)
}

/** Queues the entry (once) and sets the task's state. */
export function prepareToWait(
  head: wait_queue_head,
  entry: wait_queue_entry,
  bits: number,
  setAt: string | null = 'prepare_to_wait',
): void {
  entry.flags &= ~WQ_FLAG_EXCLUSIVE
  if (entry.$head === null) link(head, entry, false)
  setTaskState(current(), bits, machine().nowNs, setAt)
}

/**
 * The same at the end of the queue: one wake-up wakes one of these. True: it is the only waiter.
 */
export function prepareToWaitExclusive(
  head: wait_queue_head,
  entry: wait_queue_entry,
  bits: number,
): boolean {
  entry.flags |= WQ_FLAG_EXCLUSIVE
  const alone = head.$entries.length === 0
  if (entry.$head === null) link(head, entry, true)
  setTaskState(current(), bits, machine().nowNs, 'prepare_to_wait_exclusive')
  return alone
}

/**
 * As the waiting primitives do it: with a signal pending nothing is queued and -ERESTARTSYS comes.
 */
export function prepareToWaitEvent(
  head: wait_queue_head,
  entry: wait_queue_entry,
  bits: number,
  atEnd = false,
): number {
  const task = current()
  if (signalPendingState(bits, task)) {
    unlink(entry)
    return -ERESTARTSYS
  }
  const last = atEnd || (entry.flags & WQ_FLAG_EXCLUSIVE) !== 0
  if (entry.$head === null) link(head, entry, last)
  setTaskState(task, bits, machine().nowNs, 'prepare_to_wait_event')
  return 0
}

export function finishWait(_head: wait_queue_head, entry: wait_queue_entry): void {
  setTaskState(current(), TASK_RUNNING, 0, null)
  if (entry.$head !== null) {
    memoryAccess(machine()).touch(entry.$head, 'lock', true)
    unlink(entry)
  }
}

/**
 * Wakes waiters in `mode`: all plain ones up to and including the `nr`th exclusive one (0 = all).
 */
export function wakeUpQueue(
  head: wait_queue_head,
  mode: number,
  nr: number,
  key: unknown = null,
): void | Sim {
  const pass = { left: nr, woken: 0 }
  const list = [...head.$entries]
  for (let i = 0; i < list.length; i++) {
    const result: unknown = list[i]!.func(list[i]!, mode, 0, key)
    if (result instanceof Suspend) return wakeRest(head, list, i, result, pass, mode, key)
    if (stopsAt(list[i]!, result as number, pass)) break
  }
  emit(wake_up, head, pass.woken)
  return undefined
}

/** Those that only wake their task need no lock here: nobody can come between. */
const OWN_FUNCTIONS: ReadonlySet<WakeFunction> = new Set([
  defaultWakeFunction, autoremoveWakeFunction, wokenWakeFunction,
])

/**
 * For callers without the lock of the queue. A held one is waited for (by its holder, in vain), and
 * the wake functions of drivers run under it.
 */
export function wakeUpTakingLock(
  head: wait_queue_head,
  mode: number,
  nr: number,
  key: unknown = null,
): void | Sim {
  const plain = !head.lock.$locked && head.$entries.every((e) => OWN_FUNCTIONS.has(e.func))
  if (plain) return wakeUpQueue(head, mode, nr, key)
  return wakeUnderLock(head, mode, nr, key)
}

function* wakeUnderLock(head: wait_queue_head, mode: number, nr: number, key: unknown): Sim {
  const taken = spinLockIrqsave(head.lock)
  const flags = typeof taken === 'number' ? taken : yield* taken
  const rest = wakeUpQueue(head, mode, nr, key)
  if (rest) yield* rest
  spinUnlockIrqrestore(head.lock, flags)
}

interface WakePass {
  left: number
  woken: number
}

function stopsAt(entry: wait_queue_entry, result: number, pass: WakePass): boolean {
  if (result < 0) return true
  if (result > 0) pass.woken++
  return result > 0 && (entry.flags & WQ_FLAG_EXCLUSIVE) !== 0 && --pass.left === 0
}

/** Goes on where a driver's own wake function turned out to be one that may suspend. */
function* wakeRest(
  head: wait_queue_head,
  list: wait_queue_entry[],
  from: number,
  first: unknown,
  pass: WakePass,
  mode: number,
  key: unknown,
): Sim {
  let pending: unknown = first
  for (let i = from; i < list.length; i++) {
    const entry = list[i]!
    const result = (yield* call(() => (i === from ? pending : entry.func(entry, mode, 0, key)))) as number
    pending = null
    if (stopsAt(entry, result, pass)) break
  }
  emit(wake_up, head, pass.woken)
}

/** `wait_woken`: sleeps unless `woken_wake_function` has marked the entry since the last time. */
export function* waitWoken(entry: wait_queue_entry, bits: number, ticks: number): Sim<number> {
  setTaskState(current(), bits, machine().nowNs, 'wait_woken')
  let left = ticks
  if (!(entry.flags & WQ_FLAG_WOKEN)) left = yield* scheduleTimeout(ticks, entry.$head, 'wait_woken')
  setTaskState(current(), TASK_RUNNING, 0, null)
  entry.flags &= ~WQ_FLAG_WOKEN
  return left
}

export function wokenWakeFunction(entry: wait_queue_entry, mode: number): number {
  entry.flags |= WQ_FLAG_WOKEN
  return defaultWakeFunction(entry, mode)
}

export const waiterTask = (entry: wait_queue_entry): Task | null => entry.private?.$task ?? null
