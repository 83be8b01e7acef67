import type { Task, TaskState } from '../../engine/exec'
import { contextState } from './context'

/** Task states as C spells them: bit masks. */
export const TASK_RUNNING = 0
export const TASK_INTERRUPTIBLE = 1
export const TASK_UNINTERRUPTIBLE = 2
export const TASK_NORMAL = 3
export const TASK_PARKED = 0x40
export const TASK_DEAD = 0x80
export const TASK_WAKEKILL = 0x100
export const TASK_NOLOAD = 0x400
export const TASK_KILLABLE = TASK_WAKEKILL | TASK_UNINTERRUPTIBLE
export const TASK_IDLE = TASK_UNINTERRUPTIBLE | TASK_NOLOAD

const ENGINE_STATES: Record<TaskState, number> = {
  running: TASK_RUNNING,
  interruptible: TASK_INTERRUPTIBLE,
  uninterruptible: TASK_UNINTERRUPTIBLE,
  parked: TASK_PARKED,
  dead: TASK_DEAD,
}

/** The state of a task as a bit mask. */
export function stateBits(task: Task): number {
  const bits = ENGINE_STATES[task.state]
  return bits === TASK_UNINTERRUPTIBLE ? bits | contextState(task).stateBits : bits
}

export function engineState(bits: number): TaskState {
  if (bits === TASK_RUNNING) return 'running'
  if (bits & TASK_PARKED) return 'parked'
  return bits & TASK_UNINTERRUPTIBLE ? 'uninterruptible' : 'interruptible'
}

/** Sets the state of the running task from a bit mask. */
export function setTaskState(task: Task, bits: number, nowNs: number, setAt: string | null): void {
  const state = contextState(task)
  task.state = engineState(bits)
  state.stateBits = bits & (TASK_WAKEKILL | TASK_NOLOAD)
  state.stateSetAt = setAt
  if (bits !== TASK_RUNNING) task.sleepSinceNs = nowNs
}
