import { currentTask, machine as currentMachine } from '../../engine/current'
import type { Task } from '../../engine/exec'
import type { Machine } from '../../engine/machine'
import { KernelObject } from '../../engine/object'
import { service } from '../../engine/service'
import { call, point, type Sim } from '../../engine/suspend'
import { ensure } from '../../base/assert'
import { WaitList } from '../sched/schedule'
import { signalPending } from '../sched/signal'
import type { file } from './file'
import { putFile } from './file'

/** A user process: one thread, its open files, and its end. */
export class Process extends KernelObject {
  readonly $type = 'process'
  name: string
  readonly task: Task
  readonly files = new Map<number, file>()
  errno = 0
  exitCode: number | null = null
  readonly ended = new WaitList()

  constructor(name: string, task: Task) {
    super()
    this.name = name
    this.task = task
  }
}

/** Thrown through a program by `exit`. */
export class ProcessExit {
  readonly code: number
  constructor(code: number) {
    this.code = code
  }
}

export class Processes {
  readonly byTask = new Map<Task, Process>()

  of(task: Task): Process {
    let p = this.byTask.get(task)
    if (!p) this.byTask.set(task, (p = new Process(task.comm, task)))
    return p
  }
}

export const processes = service(() => new Processes())

export function currentProcess(): Process {
  return processes(currentMachine()).of(ensure(currentTask(), 'a system call outside a process'))
}

/** Starts a program in a process of its own. */
export function spawnProcess(m: Machine, name: string, main: () => unknown): Process {
  let self: Process | null = null
  const task = m.spawn(name.slice(0, 15), processBody(() => self!, main), { kernel: false })
  self = processes(m).of(task)
  self.name = name
  return self
}

function* processBody(self: () => Process, main: () => unknown): Sim<number> {
  let code = 0
  try {
    const ret = yield* call(main)
    code = typeof ret === 'number' ? ret : 0
  } catch (thrown) {
    if (!(thrown instanceof ProcessExit)) throw thrown
    code = thrown.code
  }
  yield* exitProcess(self(), code)
  return code
}

/** Closes what is open, in the order of the descriptors, and lets those who wait know. */
export function* exitProcess(p: Process, code: number): Sim {
  if (p.exitCode !== null) return
  for (const [fd, f] of [...p.files].sort((a, b) => a[0] - b[0])) {
    p.files.delete(fd)
    yield point(exitProcess, f)
    yield* putFile(f)
  }
  p.exitCode = code
  p.ended.wakeAll()
}

/** Called on the way back to the program: a killed one does not get there. */
export function leaveIfKilled(): void {
  const task = currentTask()
  if (task && !task.kernelThread && signalPending(task)) throw new ProcessExit(137)
}
