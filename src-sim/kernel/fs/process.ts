import { currentTask, machine as currentMachine } from '../../engine/current'
import type { Task } from '../../engine/exec'
import type { Machine } from '../../engine/machine'
import { KernelObject } from '../../engine/object'
import { service } from '../../engine/service'
import { call, point, type Sim } from '../../engine/suspend'
import { ensure } from '../../base/assert'
import * as ev from '../../trace/events'
import { emit } from '../emit'
import { EBADF, EMFILE } from '../errno'
import { WaitList } from '../sched/schedule'
import { signalPending } from '../sched/signal'
import { exitTaskWork } from '../sched/task-work'
import { fput } from './file-table'
import { dropFile, finishFile, flushFile, getFile, type file } from './file'
import { mapText } from '../mm/current-mm'
import { mmPut, newMm, type mm_struct } from '../mm/mm-struct'

const FILES_MAX = 1024
const FIRST_FD = 3

/** The descriptors of a process; shared by the threads of one. */
export class FileTable {
  readonly open = new Map<number, file>()
  /** Promised to a file that is being made. */
  readonly reserved = new Set<number>()
  /** Those that an exec closes. */
  readonly cloexec = new Set<number>()
  users = 1

  /** The lowest free descriptor, or -EMFILE. */
  freeNumber(from = FIRST_FD): number {
    for (let fd = from; fd < FILES_MAX; fd++) if (!this.open.has(fd) && !this.reserved.has(fd)) return fd
    return -EMFILE
  }
}

/** A user process (or one thread of one): its open files, its mappings and its end. */
export class Process extends KernelObject {
  readonly $type = 'process'
  name: string
  readonly task: Task
  /** Null once the process has begun to exit. */
  files: FileTable | null
  /** Undefined until somebody asks; null once the process has begun to exit. */
  #mm: mm_struct | null | undefined = undefined
  errno = 0
  exitCode: number | null = null
  /** Nesting of code that wants to know of its own bad accesses. */
  catching = 0
  readonly ended = new WaitList()

  constructor(name: string, task: Task, files: FileTable) {
    super()
    this.name = name
    this.task = task
    this.files = files
  }

  /** Its address space; made when it is first looked at. Null once it has begun to exit. */
  get mm(): mm_struct | null {
    return this.#mm === undefined ? (this.#mm = programMm(this)) : this.#mm
  }

  set mm(mm: mm_struct | null) {
    this.#mm = mm
  }

  /** The same, but not made just to be looked at. */
  get mmIfUsed(): mm_struct | null {
    return this.#mm ?? null
  }
}

/** The address space of a program that has just been started. */
export function programMm(owner: object): mm_struct {
  const mm = newMm()
  mm.$owner = owner
  mapText(mm)
  return mm
}

/** Thrown through a program by `exec`: another one takes its place. */
export class ProcessExec {
  readonly program: () => unknown
  constructor(program: () => unknown) {
    this.program = program
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
    if (!p) this.byTask.set(task, (p = new Process(task.comm, task, new FileTable())))
    return p
  }
}

export const processes = service(() => new Processes())

export function currentProcess(): Process {
  return processes(currentMachine()).of(ensure(currentTask(), 'a system call outside a process'))
}

/** The process that runs; null in kernel threads and interrupts. */
export function currentProcessOrNull(): Process | null {
  const task = currentTask()
  return (task && processes(currentMachine()).byTask.get(task)) ?? null
}

/** Exit code of a process that an oops ended (128 + SIGSEGV): its files are closed all the same. */
const KILLED_BY_OOPS = 139

/** Starts a program in a process of its own, with the given descriptors or none. */
export function spawnProcess(
  m: Machine,
  name: string,
  main: () => unknown,
  files = new FileTable(),
  mm?: mm_struct,
): Process {
  let self: Process | null = null
  const comm = name.slice(0, 15)
  const task = m.spawn(
    comm,
    processBody(() => self!, main),
    { kernel: false },
  )
  self = new Process(name, task, files)
  if (mm !== undefined) self.mm = mm
  processes(m).byTask.set(task, self)
  emit(ev.sched_process_exec, task.id, name)
  const process = self
  if (files.users === 1) for (const [fd, f] of files.open) emit(ev.fd_install, process, fd, f)
  task.onExit = () => {
    if (task.died) m.spawn(comm, exitProcess(process, KILLED_BY_OOPS), { kernel: false })
  }
  return process
}

/** A copy of a descriptor table, as fork makes one: each file is now held twice. */
export function copyFiles(p: Process): FileTable {
  const copy = new FileTable()
  for (const [fd, f] of p.files?.open ?? []) copy.open.set(fd, getFile(f))
  for (const fd of p.files?.cloexec ?? []) copy.cloexec.add(fd)
  return copy
}

/** Gives up a copy that no process came to have. */
export function dropFiles(files: FileTable): void {
  for (const f of files.open.values()) fput(f)
  files.open.clear()
}

function* processBody(self: () => Process, main: () => unknown): Sim<number> {
  let program: (() => unknown) | null = main
  let code = 0
  while (program !== null) {
    try {
      const ret: unknown = yield* call(program)
      code = typeof ret === 'number' ? ret : 0
      program = null
    } catch (thrown) {
      if (thrown instanceof ProcessExec) program = thrown.program
      else if (thrown instanceof ProcessExit) {
        code = thrown.code
        program = null
      } else throw thrown
    }
  }
  yield* exitProcess(self(), code)
  return code
}

/** DM-80: mappings, descriptors, then what was put off; the parent can reap only after that. */
export function* exitProcess(p: Process, code: number): Sim {
  if (p.exitCode !== null || p.files === null) return
  const mm = p.mmIfUsed
  p.mm = null
  if (mm !== null) yield* mmPut(mm)
  const { files } = p
  p.files = null
  if (--files.users === 0)
    for (const [fd, f] of [...files.open].sort((a, b) => a[0] - b[0])) {
      files.open.delete(fd)
      emit(ev.fd_close, p, fd, f)
      yield point(exitProcess, f)
      yield* flushFile(f)
      fput(f)
    }
  yield* exitTaskWork(p.task)
  const self = currentTask()
  if (self && self !== p.task) yield* exitTaskWork(self)
  p.exitCode = code
  p.ended.wakeAll()
}

export function fdInstalled(p: Process, fd: number, f: file): void {
  emit(ev.fd_install, p, fd, f)
}

export function installFd(p: Process, f: file): number {
  const fd = p.files ? p.files.freeNumber() : -EBADF
  if (fd >= 0) {
    p.files!.open.set(fd, f)
    fdInstalled(p, fd, f)
  }
  return fd
}

/** `close`: the last one runs `release` before it returns (DM-75). */
export function* closeFd(p: Process, fd: number): Sim<number> {
  const f = p.files?.open.get(fd)
  if (!f) return -EBADF
  p.files!.open.delete(fd)
  p.files!.cloexec.delete(fd)
  emit(ev.fd_close, p, fd, f)
  const ret = yield* flushFile(f)
  if (dropFile(f)) yield* finishFile(f)
  return ret
}

/** Called on the way back to the program: a killed one does not get there. */
export function leaveIfKilled(): void {
  const task = currentTask()
  if (task && !task.kernelThread && signalPending(task)) throw new ProcessExit(137)
}
