import type { Cpu } from './cpu'
import type { Exec, Task } from './exec'
import type { Machine } from './machine'
import { ensure } from '../base/assert'

/**
 * What is executing right now in this thread. Kernel functions take no machine argument, as in C;
 * they find theirs here. Set by the machine around everything it runs.
 */
export const now: { machine: Machine | null; exec: Exec | null; cpu: Cpu | null } = {
  machine: null,
  exec: null,
  cpu: null,
}

export function machine(): Machine {
  return ensure(now.machine, 'kernel function called outside a machine')
}

/** The running context. Kernel functions called by events (hardware) have none. */
export function exec(): Exec {
  return ensure(now.exec, 'no context is running')
}

export function cpu(): Cpu {
  return ensure(now.cpu, 'no CPU is running')
}

/** The task at the bottom of this CPU's contexts, as `current` in C. */
export function currentTask(): Task | null {
  return now.cpu?.current ?? null
}
