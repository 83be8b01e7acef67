import { now } from '../../engine/current'
import type { Exec, Task } from '../../engine/exec'
import type { task_struct } from './task'

/** What the kernel keeps about every context besides what the engine does. */
export class ContextState {
  /** Nesting of rcu_read_lock. */
  rcuDepth = 0
  /** A grace period waits for this context to leave its readers. */
  rcuBlocks = false
  /** What drivers see of this task; made when first asked for. */
  struct: task_struct | null = null
  /** Qualifies the engine's 'uninterruptible': fatal signals wake it, or nobody shall miss it. */
  stateBits = 0
  /** The state was set by `set_current_state`, not by a waiting primitive. */
  stateSetAt: string | null = null
  /** Pending signals by number. */
  signals: Set<number> | null = null
  /** Signals a kernel thread listens to. */
  allowed: Set<number> | null = null
  /** Makes `signal_pending` true without a signal. */
  notifySignal = false
  /** What it has to run before it returns to user space: the newest (sched/task-work.ts). */
  taskWork: object | null = null
  /** Nesting of pagefault_disable. */
  pagefaultsOff = 0
  /** Nesting of migrate_disable, and the CPUs that were allowed before. */
  migrationOff = 0
  affinityWas = -1
  /** Nesting of regions that must not block. */
  nonBlock = 0
  /** Nesting of memalloc_noreclaim_save: it works for memory reclaim. */
  noReclaim = 0
  /** Nesting of memalloc_nofs_save. */
  noFs = 0
  /** The lock checker's list of held locks. */
  held: unknown[] | null = null
  /** It executes work items: a worker of a pool, or a rescuer. */
  isWorker = false
  /** Set for kernel threads made by kthread_create. */
  kthread: unknown = null
}

export const contextState = (exec: Exec): ContextState =>
  (exec.kernel ??= new ContextState()) as ContextState

/**
 * What stands for `current` even where no task is: the task under the interrupts, else the
 * running context itself. Null only before anything runs.
 */
export const currentOrContext = (): Exec | null => now.cpu?.current ?? now.exec

export const isTask = (exec: Exec): exec is Task => exec.kind === 'task'
