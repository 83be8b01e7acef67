import { machine } from '../../engine/current'
import type { Task } from '../../engine/exec'
import { KernelObject } from '../../engine/object'
import type { Sim } from '../../engine/suspend'
import { complete as completeEvent, reinit_completion } from '../../trace/events'
import { frame } from '../api'
import { emit } from '../emit'
import { memoryAccess } from '../mm/watch'
import { Hook } from '../../base/disposable'
import { service } from '../../engine/service'
import { ERESTARTSYS } from '../errno'
import { current, mightSleep } from './schedule'
import { signalPendingState } from './signal'
import { setTaskState, TASK_NORMAL, TASK_RUNNING, TASK_UNINTERRUPTIBLE } from './states'
import { tryToWake } from './task'
import { scheduleTimeout } from '../time/sleep'
import { MAX_SCHEDULE_TIMEOUT } from '../time/clock'

const DONE_FOREVER = 0xffffffff

/** "It has happened": a counter that waiters take from. */
export class completion extends KernelObject {
  done = 0
  /** @internal First come first served. */
  $waiters: Task[] = []
}

class CompletionHooks {
  readonly on = {
    complete: new Hook<[completion]>(),
    /** A waiter has got through. */
    waited: new Hook<[completion]>(),
  }
}

export const completions = service(() => new CompletionHooks())

export function initCompletion(c: completion): void {
  c.done = 0
  c.$waiters = []
}

export function reinitCompletion(c: completion): void {
  c.done = 0
  emit(reinit_completion, c)
}

export function complete(c: completion): void {
  if (c.done !== DONE_FOREVER) c.done++
  completions(machine()).on.complete.emit(c)
  emit(completeEvent, c, false, c.done)
  const first = c.$waiters.shift()
  if (first) tryToWake(first, TASK_NORMAL)
}

export function completeAll(c: completion): void {
  c.done = DONE_FOREVER
  completions(machine()).on.complete.emit(c)
  emit(completeEvent, c, true, c.done)
  for (const task of c.$waiters.splice(0)) tryToWake(task, TASK_NORMAL)
}

function take(c: completion): void {
  if (c.done !== DONE_FOREVER) c.done--
  completions(machine()).on.waited.emit(c)
}

/** Answers what is left of the timeout (at least 1), 0 after a timeout, or -ERESTARTSYS. */
function waitCommon(
  name: string,
  c: completion,
  ticks: number,
  bits: number,
): number | Sim<number> {
  mightSleep(name)
  if (c.done === 0) return frame(name, waitSlowly(name, c, ticks, bits))
  take(c)
  return Math.max(1, ticks)
}

function* waitSlowly(name: string, c: completion, ticks: number, bits: number): Sim<number> {
  const task = current()
  let left = ticks
  do {
    if (signalPendingState(bits, task)) {
      left = -ERESTARTSYS
      break
    }
    if (!c.$waiters.includes(task)) c.$waiters.push(task)
    setTaskState(task, bits, machine().nowNs, null)
    left = yield* scheduleTimeout(left, c, name)
    memoryAccess(machine()).touch(c, 'done', false)
  } while (c.done === 0 && left > 0)
  setTaskState(task, TASK_RUNNING, 0, null)
  const at = c.$waiters.indexOf(task)
  if (at >= 0) c.$waiters.splice(at, 1)
  if (c.done === 0) return left
  take(c)
  return Math.max(1, left)
}

const voidOf = (result: number | Sim<number>): void | Sim<number> =>
  typeof result === 'number' ? undefined : result

/** Fully waits; nothing but the completion ends it. */
export const waitForCompletion = (c: completion): void | Sim<number> =>
  voidOf(waitCommon('wait_for_completion', c, MAX_SCHEDULE_TIMEOUT, TASK_UNINTERRUPTIBLE))

export const waitForCompletionTimeout = (c: completion, ticks: number): number | Sim<number> =>
  waitCommon('wait_for_completion_timeout', c, ticks, TASK_UNINTERRUPTIBLE)

/** 0, or -ERESTARTSYS when a signal of the kind that `bits` listens to came first. */
export function waitForCompletionState(
  name: string,
  c: completion,
  bits: number,
): number | Sim<number> {
  const result = waitCommon(name, c, MAX_SCHEDULE_TIMEOUT, bits)
  return typeof result === 'number' ? Math.min(0, result) : frame(name, zeroed(result))
}

function* zeroed(wait: Sim<number>): Sim<number> {
  return Math.min(0, yield* wait)
}

export const waitForCompletionStateTimeout = waitCommon

export function tryWaitForCompletion(c: completion): boolean {
  if (c.done === 0) return false
  take(c)
  return true
}

/** Whether a wait would not block. Nobody may rely on the completer being through with it. */
export const completionDone = (c: completion): boolean => c.done !== 0

