import { ensure } from '../../base/assert'
import { currentTask } from '../../engine/current'
import type { Machine } from '../../engine/machine'
import type { Sim } from '../../engine/suspend'
import { EWOULDBLOCK } from '../errno'
import { kernelLog } from '../printk/log'
import { step } from '../api'
import { returnToUser } from '../sched/initcall'
import { runTaskWork } from '../sched/task-work'
import { taskStruct, type task_struct } from '../sched/task'
import { deleteModule, loadModule, modules, O_TRUNC } from './module'

/** `insmod NAME PARAMETERS` at the prompt of a shell: 0 or -errno. */
export const insmod = (m: Machine, name: string, parameters = ''): Sim<number> =>
  asProgram('insmod', step('__do_sys_init_module', loadModule(m, name, parameters)))

/** `rmmod NAME`, or `rmmod -f NAME`: 0 or -errno. */
export const rmmod = (m: Machine, name: string, force = false): Sim<number> =>
  asProgram('rmmod', remove(m, name, force))

function* remove(m: Machine, name: string, force: boolean): Sim<number> {
  const users = modules(m).loaded.get(name)?.$users.map((user) => user.name) ?? []
  const ret = yield* step('__do_sys_delete_module', deleteModule(m, name, force ? O_TRUNC : 0))
  if (ret === -EWOULDBLOCK) {
    const by = users.length > 0 ? ` by: ${users.join(' ')}` : ''
    kernelLog(m).type(`rmmod: ERROR: Module ${name} is in use${by}\n`)
  }
  return ret
}

/** The task is a shell that starts a program and waits for its end: reports name the program. */
function* asProgram<T>(comm: string, body: Sim<T>): Sim<T> {
  const shell = taskStruct(ensure(currentTask(), 'a program without a process'))
  const before = shell.comm
  rename(shell, comm)
  try {
    const ret = yield* body
    yield* runTaskWork(shell.$task)
    returnToUser()
    return ret
  } finally {
    rename(shell, before)
  }
}

function rename(struct: task_struct, comm: string): void {
  struct.comm = comm
  struct.$task.comm = comm
}
