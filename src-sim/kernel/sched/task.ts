import { memoryAccess } from '../mm/watch'
import { machine } from '../../engine/current'
import type { Task } from '../../engine/exec'
import { hidden, KernelObject } from '../../engine/object'
import { ref_get, ref_put } from '../../trace/events'
import { emit } from '../emit'
import { mmOfTask } from '../mm/current-mm'
import type { mm_struct } from '../mm/mm-struct'
import { slab } from '../mm/slab'
import { warn } from '../printk/warn'
import { contextState } from './context'
import { current } from './schedule'
import { TASK_NORMAL, setTaskState, stateBits } from './states'

const TASK_STRUCT_BYTES = 4096

/**
 * What drivers see of a task. The memory of a kernel thread's structure goes when the thread has
 * ended and nobody holds a reference.
 */
export class task_struct extends KernelObject {
  pid = 0
  tgid = 0
  comm = ''
  exit_code = 0
  /** @internal */
  $task!: Task
  /** @internal References besides those the scheduler needs. */
  $usage = 1

  /** PF_... bits; nothing here is for drivers to set. */
  get flags(): number {
    return taskFlags(this.$task)
  }

  /** Its address space: null for a kernel thread, and once it has begun to exit. */
  get mm(): mm_struct | null {
    return mmOfTask(this.$task)
  }

  get __state(): number {
    return stateBits(this.$task)
  }

  set __state(bits: number) {
    setTaskState(this.$task, bits, machine().nowNs, null)
  }

  /** @internal */
  get $label(): string {
    return this.comm
  }
}

/** Bits of `flags`, as in include/linux/sched.h. */
export const TASK_FLAGS = {
  EXITING: 0x4,
  WQ_WORKER: 0x20,
  MEMALLOC: 0x800,
  MEMALLOC_NOFS: 0x40000,
  KTHREAD: 0x200000,
} as const

function taskFlags(task: Task): number {
  const state = contextState(task)
  let flags: number = task.kernelThread ? TASK_FLAGS.KTHREAD : 0
  if (task.finished) flags |= TASK_FLAGS.EXITING
  if (state.isWorker) flags |= TASK_FLAGS.WQ_WORKER
  if (state.noReclaim > 0) flags |= TASK_FLAGS.MEMALLOC
  if (state.noFs > 0) flags |= TASK_FLAGS.MEMALLOC_NOFS
  return flags
}

/** Connects a structure with the engine's task. */
export function bindTaskStruct(struct: task_struct, task: Task): task_struct {
  struct.$task = task
  struct.pid = task.pid
  struct.tgid = task.pid
  struct.comm = task.comm
  contextState(task).struct = struct
  return struct
}

/** The structure of a task; made on first asking. */
export const taskStruct = (task: Task): task_struct =>
  contextState(task).struct ?? bindTaskStruct(new task_struct(), task)

/** Memory for the structure of a new kernel thread; null when there is none. */
export const allocTaskStruct = (): task_struct | null =>
  slab(machine()).alloc(new task_struct(), TASK_STRUCT_BYTES, 'task_struct')

export function getTaskStruct(struct: task_struct): task_struct {
  if (struct.$usage === 0) {
    warn(machine(), 'refcount', 'lib/refcount.c:25 at refcount_warn_saturate',
      'refcount_t: addition on 0; use-after-free.')
    return struct
  }
  struct.$usage++
  emit(ref_get, struct, struct.$usage, null, '')
  return struct
}

/** Gives a reference back; the last one frees the structure of an ended kernel thread. */
export function putTaskStruct(struct: task_struct): void {
  if (struct.$usage > 0) struct.$usage--
  emit(ref_put, struct, struct.$usage, null, '')
  if (struct.$usage === 0 && hidden(struct).$alloc !== undefined) slab(machine()).free(struct)
}

/** Wakes the task when its state is among `mask`; false when it was not asleep in one of them. */
export function tryToWake(task: Task, mask: number): boolean {
  return (stateBits(task) & mask) !== 0 && machine().wake(task)
}

export function wakeUpProcess(struct: task_struct): number {
  memoryAccess(machine()).touch(struct, '__state', true, 'try_to_wake_up')
  return tryToWake(struct.$task, TASK_NORMAL) ? 1 : 0
}

export const currentStruct = (): task_struct => taskStruct(current())
