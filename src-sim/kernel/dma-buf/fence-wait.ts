import { machine } from '../../engine/current'
import type { Task } from '../../engine/exec'
import { call, type Sim } from '../../engine/suspend'
import * as ev from '../../trace/events'
import { emit } from '../emit'
import { EINVAL, ENOMEM, ERESTARTSYS } from '../errno'
import { mightAlloc } from '../locking/fs-reclaim'
import { insert, isEmpty, unlinkEntry } from '../locking/list'
import { faultInjection } from '../mm/fault-injection'
import { current, mightSleep } from '../sched/schedule'
import { signalPending } from '../sched/signal'
import {
  setTaskState,
  TASK_INTERRUPTIBLE,
  TASK_NORMAL,
  TASK_RUNNING,
  TASK_UNINTERRUPTIBLE,
} from '../sched/states'
import { tryToWake } from '../sched/task'
import { MAX_SCHEDULE_TIMEOUT } from '../time/clock'
import { scheduleTimeout } from '../time/sleep'
import {
  asReader,
  dma_fence_cb,
  flaggedSignaled,
  lockFence,
  opsOf,
  unlockFence,
  warnFence,
  type dma_fence,
} from './dma-fence'
import { mightWaitForFence } from './fence-lockdep'
import { addCallback, enableSwSignaling, isSignaled, removeCallback } from './fence-signal'

const GFP_KERNEL = 0xcc0

/** A callback that wakes a sleeper. */
function wakesTask(task: Task): dma_fence_cb {
  const cb = new dma_fence_cb()
  cb.func = function dma_fence_default_wait_cb(): void {
    tryToWake(task, TASK_NORMAL)
  }
  return cb
}

function prepareToSleep(intr: boolean): void {
  const bits = intr ? TASK_INTERRUPTIBLE : TASK_UNINTERRUPTIBLE
  setTaskState(current(), bits, machine().nowNs, null)
}

/** The answer of a wait that need not or must not sleep; null when it has to. */
function withoutSleep(fence: dma_fence, intr: boolean, timeout: number): number | null {
  if (flaggedSignaled(fence, 'dma_fence_default_wait')) return timeout || 1
  if (intr && signalPending(current())) return -ERESTARTSYS
  return timeout === 0 ? 0 : null
}

/** Answers what is left of `timeout` jiffies (at least 1), 0 after them, or -ERESTARTSYS. */
export function* defaultWait(fence: dma_fence, intr: boolean, timeout: number): Sim<number> {
  const inside = 'dma_fence_default_wait'
  let flags = yield* lockFence(fence, inside)
  const answer = withoutSleep(fence, intr, timeout)
  if (answer !== null) {
    unlockFence(fence, flags)
    return answer
  }
  const task = current()
  const cb = wakesTask(task)
  insert(cb.node, fence.cb_list, fence.cb_list.next!)
  let left = timeout
  while (!flaggedSignaled(fence, inside) && left > 0) {
    prepareToSleep(intr)
    unlockFence(fence, flags)
    left = yield* scheduleTimeout(left, fence, inside)
    flags = yield* lockFence(fence, inside)
    if (left > 0 && intr && signalPending(task)) left = -ERESTARTSYS
  }
  if (!isEmpty(cb.node)) unlinkEntry(cb.node, false)
  setTaskState(task, TASK_RUNNING, 0, null)
  unlockFence(fence, flags)
  return left
}

/** Waits in the driver's way if it has one. */
export function* waitTimeout(fence: dma_fence, intr: boolean, timeout: number): Sim<number> {
  if (timeout < 0) {
    warnFence('fence-timeout', 'dma_fence_wait_timeout', null, 'FENCE-08')
    return -EINVAL
  }
  mightSleep('dma_fence_wait_timeout')
  mightWaitForFence()
  yield* enableSwSignaling(fence)
  emit(ev.dma_fence_wait_start, fence, fence.context, fence.seqno)
  const wait = yield* asReader(function* () {
    return opsOf(fence, 'dma_fence_wait_timeout')?.wait
  })
  const result = wait
    ? yield* call(() => wait(fence, intr, timeout))
    : yield* defaultWait(fence, intr, timeout)
  emit(ev.dma_fence_wait_end, fence, fence.context, fence.seqno)
  return result
}

/** 0, or negative when a signal came first. */
export function* wait(fence: dma_fence, intr: boolean): Sim<number> {
  const result = yield* waitTimeout(fence, intr, MAX_SCHEDULE_TIMEOUT)
  return result < 0 ? result : 0
}

type Index = { value: number } | null

function firstSignaled(fences: readonly dma_fence[], count: number): number {
  for (let i = 0; i < count; i++)
    if (flaggedSignaled(fences[i]!, 'dma_fence_wait_any_timeout')) return i
  return -1
}

function* pollAny(fences: readonly dma_fence[], count: number, idx: Index): Sim<number> {
  for (let i = 0; i < count; i++) {
    if (!(yield* isSignaled(fences[i]!))) continue
    if (idx !== null) idx.value = i
    return 1
  }
  return 0
}

function* sleepForAny(
  fences: readonly dma_fence[],
  count: number,
  intr: boolean,
  timeout: number,
  idx: Index,
): Sim<number> {
  let left = timeout
  while (left > 0) {
    prepareToSleep(intr)
    const found = firstSignaled(fences, count)
    if (found >= 0) {
      if (idx !== null) idx.value = found
      break
    }
    left = yield* scheduleTimeout(left, fences[0]!, 'dma_fence_wait_any_timeout')
    if (left > 0 && intr && signalPending(current())) left = -ERESTARTSYS
  }
  setTaskState(current(), TASK_RUNNING, 0, null)
  return left
}

/** What is left of the timeout once one of the fences is signaled; `idx` says which. */
export function* waitAnyTimeout(
  fences: readonly dma_fence[] | null,
  count: number,
  intr: boolean,
  timeout: number,
  idx: Index,
): Sim<number> {
  if (fences === null || count === 0 || timeout < 0) {
    warnFence('fence-timeout', 'dma_fence_wait_any_timeout', null, 'FENCE-08')
    return -EINVAL
  }
  if (timeout === 0) return yield* pollAny(fences, count, idx)
  mightAlloc('dma_fence_wait_any_timeout', GFP_KERNEL)
  if (faultInjection(machine()).shouldFail('kcalloc')) return -ENOMEM
  const cbs: dma_fence_cb[] = []
  let result: number | undefined
  for (let i = 0; i < count && result === undefined; i++) {
    const cb = wakesTask(current())
    if ((yield* addCallback(fences[i]!, cb, cb.func!)) === 0) cbs.push(cb)
    else {
      if (idx !== null) idx.value = i
      result = timeout
    }
  }
  result ??= yield* sleepForAny(fences, count, intr, timeout, idx)
  for (let i = cbs.length - 1; i >= 0; i--) yield* removeCallback(fences[i]!, cbs[i]!)
  return result
}
