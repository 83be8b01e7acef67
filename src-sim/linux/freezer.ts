import { machine } from '../engine/current'
import type { Sim } from '../engine/suspend'
import { kernelCall, quiet } from '../kernel/api'
import { freezer, isFreezing, setFreezable, tryToFreeze } from '../kernel/sched/freezer'
import type { task_struct } from '../kernel/sched/task'

/** Brought along, as by the C header. */
export * from './sched'
export * from './wait'

/** Kernel threads that stop while the machine sleeps: `linux/freezer`. */

/** The running kernel thread can be stopped from now on. True: it has been. May sleep. */
export const set_freezable = kernelCall('set_freezable', (): boolean | Sim<boolean> => setFreezable())
/** Stops here until the machine resumes, if that is wanted. True: it has been. May sleep. */
export const try_to_freeze = kernelCall('try_to_freeze', (): boolean | Sim<boolean> => tryToFreeze())
/** Whether the task is wanted to stop. */
export const freezing = quiet((p: task_struct): boolean => isFreezing(p.$task))
/** Whether the task has stopped. */
export const frozen = quiet((p: task_struct): boolean => freezer(machine()).frozen.has(p.$task))
