import type { Cpu } from './cpu'
import type { Exec, Task } from './exec'
import type { Position } from './position'

/**
 * What the engine notices but cannot put into words: the kernel turns these into findings. Each is
 * called with the machine set as the current one.
 */
export interface Trouble {
  /** Code of an unloaded module was about to run at `pos`. */
  executeAfterUnload(pos: Position): void
  /** Lab code threw, or dereferenced null: the context is about to be ended. */
  oops(exec: Exec, error: unknown): void
  /** A constructor, accessor or device model tried to wait. */
  waitInAtomicCode(): void
  endlessAtomicLoop(): void
  /** A context polls or loops for `forNs` without giving up its CPU. */
  stuck(exec: Exec, forNs: number): void
  /** Nothing can run and nothing is to come, but these tasks are not over. */
  deadlock(tasks: Task[]): void
  /** A context asked to sleep although its CPU may not switch. */
  scheduleInAtomic(cpu: Cpu, exec: Exec): void
}

export const silentTrouble: Trouble = {
  executeAfterUnload: () => {},
  oops: (_exec, error) => {
    throw error
  },
  waitInAtomicCode: () => {},
  endlessAtomicLoop: () => {},
  stuck: () => {},
  deadlock: () => {},
  scheduleInAtomic: () => {},
}
