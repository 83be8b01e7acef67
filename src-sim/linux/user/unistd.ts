import { PAGE_SIZE } from '../../base/units'
import { machine } from '../../engine/current'
import type { Sim } from '../../engine/suspend'
import { kernelCall, quiet } from '../../kernel/api'
import { EINTR, EINVAL, ESRCH } from '../../kernel/errno'
import { emit } from '../../kernel/emit'
import { execProgram } from '../../kernel/fs/exec'
import {
  copyFiles, dropFiles, currentProcess, ProcessExit, spawnProcess, type Process,
} from '../../kernel/fs/process'
import { dupMm } from '../../kernel/mm/dup-mmap'
import { inheritLimit, limitOf } from '../../kernel/mm/mlock'
import { mmGet } from '../../kernel/mm/mm-struct'
import { releaseMemoryOf } from '../../kernel/mm/reap'
import { announceAll } from '../../kernel/mm/vma-list'
import { scheduleTimeoutNs } from '../../kernel/sched/schedule'
import { sendSignal, signalPending } from '../../kernel/sched/signal'
import { sys_enter } from '../../trace/events'
import { enter, leave } from './syscall'

/** Processes and threads: `user/unistd`. */

/**
 * A child process that runs `program`; it has its own copies of all descriptors, and of all memory
 * that is mapped. -1 when there is no memory for that.
 */
export const fork = kernelCall('fork', function* <
  A extends unknown[],
>(program: (...args: A) => unknown, ...args: A): Sim<Process | number> {
  const parent = currentProcess()
  const files = copyFiles(parent)
  const used = parent.mmIfUsed
  const mm = used === null ? undefined : yield* dupMm(used)
  if (typeof mm === 'number') {
    dropFiles(files)
    return yield* leave('fork', mm)
  }
  const child = spawnProcess(machine(), program.name || 'child', () => program(...args), files, mm)
  inheritLimit(parent, child)
  if (mm !== undefined) announceAll(mm, child)
  return child
}) as <A extends unknown[]>(program: (...args: A) => unknown, ...args: A) => Process

/** A second thread: it shares memory and descriptors, so that one can close what the other uses. */
export const pthread_create = kernelCall('pthread_create', function* <
  A extends unknown[],
>(routine: (...args: A) => unknown, ...args: A): Sim<Process> {
  const { files, mm, name } = currentProcess()
  files!.users++
  mmGet(mm!)
  return spawnProcess(machine(), name, () => routine(...args), files!, mm!)
}) as <A extends unknown[]>(routine: (...args: A) => unknown, ...args: A) => Process

/**
 * The process goes on as another program, and does not come back: its memory is new, and the
 * descriptors that were opened with O_CLOEXEC are closed.
 */
export const exec = kernelCall('execve', function* <
  A extends unknown[],
>(program: (...args: A) => unknown, ...args: A): Sim<never> {
  emit(sys_enter, 'execve', null, -1, 0)
  return yield* execProgram(currentProcess(), program.name || 'program', () => program(...args))
}) as <A extends unknown[]>(program: (...args: A) => unknown, ...args: A) => never

/** Waits until a process has ended, files and all; its exit code. */
export const waitpid = kernelCall('waitpid', function* (child: Process): Sim<number> {
  yield* child.ended.waitUntil(() => child.exitCode !== null, child, `the end of ${child.name}`)
  yield* leave('wait4', 0)
  return child.exitCode ?? 0
})
export const pthread_join = waitpid

/** Sends a signal: 0 or -1. A killed process ends when it next leaves the kernel. */
export const kill = kernelCall('kill', function* (process: Process, signal: number): Sim<number> {
  if (process.exitCode !== null) return yield* leave('kill', -ESRCH)
  return yield* leave('kill', sendSignal(process.task, signal))
})

/** Takes the memory of a killed process before it has ended by itself: 0 or -1. */
export const process_mrelease = kernelCall(
  'process_mrelease',
  (process: Process, _flags: number = 0) =>
    enter('process_mrelease', 0, () => releaseMemoryOf(process)),
)

const PAUSE_NS = 1e15

/** Sleeps until a signal comes; always -1. */
export const pause = kernelCall('pause', () =>
  enter('pause', 0, function* () {
    const { task } = currentProcess()
    while (!signalPending(task)) yield* scheduleTimeoutNs(PAUSE_NS, 'pause', 'interruptible')
    return -EINTR
  }),
)

export const RLIMIT_MEMLOCK = 8
/** Sets a limit of the process; here only that of locked memory, in bytes. 0 or -1. */
export const setrlimit = kernelCall('setrlimit', (resource: number, bytes: number) =>
  enter('setrlimit', resource, function* () {
    if (resource !== RLIMIT_MEMLOCK) return -EINVAL
    limitOf(currentProcess()).pages = Math.floor(bytes / PAGE_SIZE)
    return 0
  }),
)
/** Becomes another user: all but 0 may not ignore limits any more. */
export const setuid = kernelCall('setuid', (uid: number) =>
  enter('setuid', uid, function* () {
    limitOf(currentProcess()).capable = uid === 0
    return 0
  }),
)

export const getpid = quiet(function getpid(): number {
  return currentProcess().task.pid
})

/** Ends the process; mappings and open files are closed. */
export function exit(code: number): never {
  throw new ProcessExit(code)
}
export const _exit = exit
