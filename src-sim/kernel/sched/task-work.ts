import { machine } from '../../engine/current'
import type { Task } from '../../engine/exec'
import { KernelObject } from '../../engine/object'
import { call, point, type Sim } from '../../engine/suspend'
import { EINVAL, ESRCH } from '../errno'
import { contextState } from './context'
import { TASK_INTERRUPTIBLE, stateBits } from './states'

/** A function that a task shall run on its way back to user space, and what belongs to it. */
export class callback_head extends KernelObject {
  next: callback_head | null = null
  func: ((head: callback_head) => void) | null = null

  get $label(): string {
    return this.func?.name ?? ''
  }
}

/** How the task is told that it has something to do. */
export const NOTIFY = {
  none: 0,
  resume: 1,
  signal: 2,
  signalNoIpi: 3,
  nmiCurrent: 4,
} as const

/** Takes the place of the list of a task that has run its last work. */
const EXITED = new callback_head()

/** Puts work first on the list of a task. 0, or -ESRCH when the task is past running any. */
export function taskWorkAdd(task: Task, work: callback_head, notify: number): number {
  const state = contextState(task)
  if (state.taskWork === EXITED || task.finished) return -ESRCH
  if (notify < NOTIFY.none || notify > NOTIFY.nmiCurrent) return -EINVAL
  work.next = state.taskWork as callback_head | null
  state.taskWork = work
  if (notify === NOTIFY.signal || notify === NOTIFY.signalNoIpi) {
    state.notifySignal = true
    if (stateBits(task) & TASK_INTERRUPTIBLE) machine().wake(task)
  }
  return 0
}

export const taskWorkPending = (task: Task): boolean => {
  const { taskWork } = contextState(task)
  return taskWork !== null && taskWork !== EXITED
}

/** Takes the newest work that `match` accepts off the list of a task. */
export function taskWorkTake(
  task: Task, match: (work: callback_head) => boolean,
): callback_head | null {
  const state = contextState(task)
  if (state.taskWork === EXITED) return null
  let before: callback_head | null = null
  for (let work = state.taskWork as callback_head | null; work; before = work, work = work.next) {
    if (!match(work)) continue
    if (before) before.next = work.next
    else state.taskWork = work.next
    return work
  }
  return null
}

/** Runs what was put off, newest first, until nothing more comes. */
export function* runTaskWork(task: Task): Sim {
  const state = contextState(task)
  while (taskWorkPending(task)) {
    let work = state.taskWork as callback_head | null
    state.taskWork = null
    if (!task.kernelThread) state.notifySignal = false
    while (work) {
      const { next, func }: callback_head = work
      const head = work
      yield point(runTaskWork, head)
      yield* call(() => func!(head))
      work = next
    }
  }
}

/** The same at the end of a task: nothing can be added after it. */
export function* exitTaskWork(task: Task): Sim {
  const state = contextState(task)
  do yield* runTaskWork(task)
  while (taskWorkPending(task))
  state.taskWork = EXITED
}
