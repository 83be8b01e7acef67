import { machine } from '../../engine/current'
import type { Task } from '../../engine/exec'
import { signal_deliver, signal_generate } from '../../trace/events'
import { emit } from '../emit'
import { contextState } from './context'
import { TASK_INTERRUPTIBLE, TASK_WAKEKILL, stateBits } from './states'

export const SIGKILL = 9
/** What a process that has not asked for it never sees: CHLD, CONT, URG, WINCH. */
const IGNORED: ReadonlySet<number> = new Set([17, 18, 23, 28])

/** Whether an interruptible sleep of the task would end at once. */
export function signalPending(task: Task): boolean {
  const state = contextState(task)
  return state.notifySignal || (state.signals !== null && state.signals.size > 0)
}

export function fatalSignalPending(task: Task): boolean {
  return contextState(task).signals?.has(SIGKILL) === true
}

/** Whether a sleep in state `bits` has to end because of a signal. */
export function signalPendingState(bits: number, task: Task): boolean {
  if (!(bits & (TASK_INTERRUPTIBLE | TASK_WAKEKILL)) || !signalPending(task)) return false
  return (bits & TASK_INTERRUPTIBLE) !== 0 || fatalSignalPending(task)
}

/**
 * Makes a signal pending and wakes the task when it sleeps so that the signal reaches it. Kernel
 * threads ignore what they have not allowed. Answers 0.
 */
export function sendSignal(task: Task, signal: number): number {
  const state = contextState(task)
  const asked = state.allowed?.has(signal) === true
  const listens = asked || (!task.kernelThread && !IGNORED.has(signal))
  if (task.finished || !listens) {
    emit(signal_generate, signal, task.id, false, 'ignored')
    return 0
  }
  const pending = (state.signals ??= new Set())
  emit(
    signal_generate,
    signal,
    task.id,
    false,
    pending.has(signal) ? 'already_pending' : 'delivered',
  )
  pending.add(signal)
  const wakes = TASK_INTERRUPTIBLE | (signal === SIGKILL ? TASK_WAKEKILL : 0)
  if (stateBits(task) & wakes) machine().wake(task)
  return 0
}

export function allowSignal(task: Task, signal: number, allow: boolean): void {
  const state = contextState(task)
  if (allow) (state.allowed ??= new Set()).add(signal)
  else state.allowed?.delete(signal)
}

/** Takes the lowest pending signal; 0 when there is none. */
export function takeSignal(task: Task): number {
  const { signals } = contextState(task)
  if (signals === null || signals.size === 0) return 0
  let lowest = Infinity
  for (const signal of signals) lowest = Math.min(lowest, signal)
  signals.delete(lowest)
  emit(signal_deliver, lowest, task.id)
  return lowest
}

export function flushSignals(task: Task): void {
  contextState(task).signals?.clear()
  contextState(task).notifySignal = false
}
