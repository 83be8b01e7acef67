import { kernelCall, quiet } from '../kernel/api'
import {
  callback_head,
  NOTIFY,
  runTaskWork,
  taskWorkAdd,
  taskWorkPending,
  taskWorkTake,
} from '../kernel/sched/task-work'
import { current } from '../kernel/sched/schedule'
import type { task_struct } from '../kernel/sched/task'
import type { Sim } from '../engine/suspend'

/** Work that a task does itself when it leaves the kernel: `linux/task_work`. */
export { callback_head } from '../kernel/sched/task-work'

export type task_work_func_t = (work: callback_head) => void
export type task_work_notify_mode = number

/** Nobody tells the task: it finds the work when it returns to user space for other reasons. */
export const TWA_NONE = NOTIFY.none
/** The task runs the work when it next returns to user space; its sleeps go on. */
export const TWA_RESUME = NOTIFY.resume
/** As a signal: the task's interruptible sleeps end. */
export const TWA_SIGNAL = NOTIFY.signal
export const TWA_SIGNAL_NO_IPI = NOTIFY.signalNoIpi
export const TWA_NMI_CURRENT = NOTIFY.nmiCurrent

/** Says what `work` will do. */
export const init_task_work = quiet(function init_task_work(
  work: callback_head, func: task_work_func_t,
): void {
  work.func = func
})

/**
 * Lets `task` run the work when it returns to user space or ends; works run newest first. 0, or
 * -ESRCH when the task is too far in its end. Any context. Kernel threads run theirs at their end.
 */
export const task_work_add = kernelCall(
  'task_work_add',
  (task: task_struct, work: callback_head, notify: task_work_notify_mode): number =>
    taskWorkAdd(task.$task, work, notify),
)
/** Takes back the newest work with this function: the work, or null. */
export const task_work_cancel_func = kernelCall(
  'task_work_cancel_func',
  (task: task_struct, func: task_work_func_t): callback_head | null =>
    taskWorkTake(task.$task, (work) => work.func === func),
)
/** Takes back this work: false when it is not (or no longer) on the task's list. */
export const task_work_cancel = kernelCall(
  'task_work_cancel',
  (task: task_struct, cb: callback_head): boolean =>
    taskWorkTake(task.$task, (work) => work === cb) !== null,
)
/** Takes back the newest work that `match` accepts. */
export const task_work_cancel_match = kernelCall(
  'task_work_cancel_match',
  <T>(task: task_struct, match: (cb: callback_head, data: T) => boolean, data: T) =>
    taskWorkTake(task.$task, (work) => match(work, data)),
)
/** Whether the task has something to run. */
export const task_work_pending = kernelCall(
  'task_work_pending',
  (task: task_struct): boolean => taskWorkPending(task.$task),
)
/** Runs the works of the running task. May sleep. */
export const task_work_run = kernelCall('task_work_run', (): Sim => runTaskWork(current()))
