import { machine } from '../../engine/current'
import { call, type Sim } from '../../engine/suspend'
import { kernelCall, quiet } from '../../kernel/api'
import { deleteModule, loadModule } from '../../kernel/base/module'
import { EBADF, EINTR, EINVAL, ESRCH } from '../../kernel/errno'
import {
  closeFd,
  copyFiles,
  currentProcess,
  installFd,
  leaveIfKilled,
  ProcessExit,
  spawnProcess,
  type Process,
} from '../../kernel/fs/process'
import { fput } from '../../kernel/fs/file-table'
import { runTaskWork } from '../../kernel/sched/task-work'
import {
  fasyncFile,
  getFile,
  ioctlFile,
  readFile,
  writeFile,
  type file,
} from '../../kernel/fs/file'
import { mapFile, unmapArea } from '../../kernel/fs/mmap'
import { vm_area_struct } from '../../kernel/fs/mapping'
import { pollFiles, POLLERR, POLLHUP, POLLIN, POLLNVAL, POLLOUT } from '../../kernel/fs/poll'
import { openAny, seekFile } from '../../kernel/fs/open'
import { returnToUser } from '../../kernel/sched/initcall'
import { scheduleTimeoutNs } from '../../kernel/sched/schedule'
import { sendSignal } from '../../kernel/sched/signal'
import { vsprintf } from '../../kernel/printk/format'
import { kernelLog } from '../../kernel/printk/log'
import { emit } from '../../kernel/emit'
import { sys_enter, sys_exit } from '../../trace/events'

/**
 * What a user program has: `user/libc`. Calls answer -1 on failure and leave the reason in
 * `errno()`, as in C.
 */
export const O_RDONLY = 0
export const O_WRONLY = 1
export const O_RDWR = 2
export const O_NONBLOCK = 0o4000
export const O_CLOEXEC = 0o2000000
export const SIGKILL = 9
export const SIGTERM = 15
export { POLLERR, POLLHUP, POLLIN, POLLNVAL, POLLOUT }

/** On the way out of the kernel: what was put off is done, and a killed process ends here. */
function* leave(name: string, ret: number): Sim<number> {
  const process = currentProcess()
  yield* runTaskWork(process.task)
  emit(sys_exit, name, ret)
  returnToUser()
  leaveIfKilled()
  if (ret >= 0) return ret
  process.errno = ret <= -512 ? EINTR : -ret
  return -1
}

/** The error number of the last call that failed. */
export const errno = quiet(function errno(): number {
  return currentProcess().errno
})

function* withFile(
  name: string,
  fd: number,
  arg: number,
  body: (f: file) => Sim<number>,
): Sim<number> {
  const process = currentProcess()
  const f = process.files?.open.get(fd) ?? null
  emit(sys_enter, name, f, fd, arg)
  if (!f) return yield* leave(name, -EBADF)
  getFile(f)
  const ret = yield* body(f)
  fput(f)
  return yield* leave(name, ret)
}

/** Opens a device node, or a file under /sys or /proc; the descriptor, or -1. */
export const open = kernelCall(
  'open',
  function* (path: string, flags: number = O_RDWR): Sim<number> {
    emit(sys_enter, 'open', null, -1, flags)
    const f = yield* openAny(path, flags)
    const ret = typeof f === 'number' ? f : installFd(currentProcess(), f)
    return yield* leave('open', ret)
  },
)

/** Closes a descriptor; the last one of a file releases it before this returns. */
export const close = kernelCall('close', function* (fd: number): Sim<number> {
  emit(sys_enter, 'close', currentProcess().files?.open.get(fd) ?? null, fd, 0)
  return yield* leave('close', yield* closeFd(currentProcess(), fd))
})

/** Asks the driver for something of its own; `arg` is a number, a buffer or a structure. */
export const ioctl = kernelCall(
  'ioctl',
  function* (fd: number, cmd: number, arg: unknown): Sim<number> {
    return yield* withFile('ioctl', fd, cmd, (f) => ioctlFile(f, cmd, arg))
  },
)

/** Reads at most `count` bytes into `buf`; how many, or -1. */
export const read = kernelCall(
  'read',
  function* (fd: number, buf: Uint8Array, count: number): Sim<number> {
    return yield* withFile('read', fd, count, (f) => readFile(f, buf, count))
  },
)

/** Writes bytes (or a text); how many were taken, or -1. */
export const write = kernelCall(
  'write',
  function* (fd: number, buf: Uint8Array | string, count: number = buf.length): Sim<number> {
    const bytes = typeof buf === 'string' ? Uint8Array.from(buf, (c) => c.charCodeAt(0)) : buf
    return yield* withFile('write', fd, count, (f) => writeFile(f, bytes, count))
  },
)

export const SEEK_SET = 0
export const SEEK_CUR = 1
export const SEEK_END = 2
/** Moves the place of the next read or write: the new place, or -1. */
export const lseek = kernelCall(
  'lseek',
  function* (fd: number, offset: number, whence: number): Sim<number> {
    return yield* withFile('lseek', fd, offset, (f) => seekFile(f, offset, whence))
  },
)

/** Asks for (or ends) signals about a file. */
export const fasync = kernelCall('fasync', function* (fd: number, on: number): Sim<number> {
  return yield* withFile('fasync', fd, on, (f) => fasyncFile(f, fd, on))
})

/** What `poll` is asked about, and its answer. */
export interface pollfd {
  fd: number
  events: number
  revents: number
}

/** Waits until one of the files is ready: how many are, 0 after `timeout` ms (-1: never), or -1. */
export const poll = kernelCall('poll', function* (
  fds: pollfd[],
  nfds: number,
  timeout: number,
): Sim<number> {
  const process = currentProcess()
  emit(sys_enter, 'poll', null, fds[0]?.fd ?? -1, nfds)
  const targets = fds.slice(0, nfds).map(({ fd, events }) => {
    const f = process.files?.open.get(fd) ?? null
    return { file: f && getFile(f), events, revents: 0 }
  })
  const ret = yield* pollFiles(targets, timeout)
  targets.forEach((target, i) => {
    fds[i]!.revents = target.revents
    if (target.file) fput(target.file)
  })
  return yield* leave('poll', ret)
})

/** A second descriptor for the same open file. */
export const dup = kernelCall('dup', function* (fd: number): Sim<number> {
  const process = currentProcess()
  const f = process.files?.open.get(fd) ?? null
  emit(sys_enter, 'dup', f, fd, 0)
  return yield* leave('dup', f ? installFd(process, getFile(f)) : -EBADF)
})

export const PROT_NONE = 0
export const PROT_READ = 1
export const PROT_WRITE = 2
export const PROT_EXEC = 4
export const MAP_SHARED = 1
export const MAP_PRIVATE = 2
export const MAP_FAILED = null
const VM_SHARED = 8

/** Maps a device file at an address that the kernel chooses. The mapping, or MAP_FAILED. */
export const mmap = kernelCall(
  'mmap',
  function* (
    _addr: null,
    length: number,
    prot: number,
    flags: number,
    fd: number,
    offset: number,
  ): Sim<vm_area_struct | null> {
    let mapping: vm_area_struct | null = MAP_FAILED
    yield* withFile('mmap', fd, length, function* (f) {
      const vmFlags = prot | (flags & MAP_SHARED ? VM_SHARED : 0)
      const page = Math.floor(offset / 4096)
      const vma = yield* mapFile(currentProcess(), f, length, page, vmFlags)
      if (typeof vma === 'number') return vma
      mapping = vma
      return 0
    })
    return mapping
  },
)

/** Ends a mapping, always a whole one: 0 or -1. */
export const munmap = kernelCall('munmap', function* (
  mapping: vm_area_struct,
  _length: number,
): Sim<number> {
  if (!(mapping instanceof vm_area_struct)) return yield* leave('munmap', -EINVAL)
  emit(sys_enter, 'munmap', mapping.vm_file, -1, mapping.vm_start)
  yield* unmapArea(currentProcess(), mapping)
  return yield* leave('munmap', 0)
})

export const usleep = kernelCall('usleep', function* (us: number): Sim<number> {
  yield* scheduleTimeoutNs(us * 1000, 'usleep', 'interruptible')
  return yield* leave('nanosleep', 0)
})
export const sleep = kernelCall('sleep', function* (seconds: number): Sim<number> {
  yield* scheduleTimeoutNs(seconds * 1_000_000_000, 'sleep', 'interruptible')
  return yield* leave('nanosleep', 0)
})

// Processes

/** A child process that runs `program`; it has its own copies of all descriptors. */
export const fork = kernelCall('fork', function* <
  A extends unknown[],
>(program: (...args: A) => unknown, ...args: A): Sim<Process> {
  const child = copyFiles(currentProcess())
  return spawnProcess(machine(), program.name || 'child', () => program(...args), child)
}) as <A extends unknown[]>(program: (...args: A) => unknown, ...args: A) => Process

/** A second thread: it shares the descriptors, so that one can close what the other uses. */
export const pthread_create = kernelCall('pthread_create', function* <
  A extends unknown[],
>(routine: (...args: A) => unknown, ...args: A): Sim<Process> {
  const { files } = currentProcess()
  files!.users++
  return spawnProcess(machine(), currentProcess().name, () => routine(...args), files!)
}) as <A extends unknown[]>(routine: (...args: A) => unknown, ...args: A) => Process

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

export const getpid = quiet(function getpid(): number {
  return currentProcess().task.pid
})

/** Ends the process; mappings and open files are closed. */
export function exit(code: number): never {
  throw new ProcessExit(code)
}

// Modules, as the tools use them

/** Loads a module: 0 or -1. */
export const init_module = kernelCall(
  'init_module',
  function* (name: string, parameters: string = ''): Sim<number> {
    return yield* leave('init_module', yield* loadModule(machine(), name, parameters))
  },
)
/** Unloads a module: 0 or -1. Never waits for those who use it. */
export const delete_module = kernelCall(
  'delete_module',
  function* (name: string, flags: number = O_NONBLOCK): Sim<number> {
    return yield* leave('delete_module', yield* deleteModule(machine(), name, flags))
  },
)

/** Prints: each line that ends appears in the console, among those of the kernel. */
export function printf(format: string, ...args: unknown[]): number {
  const text = vsprintf(machine(), format, args)
  kernelLog(machine()).type(text)
  return text.length
}

/** Opens, writes and closes, as `echo text > path` does; bytes, or -1. */
export const write_file = kernelCall(
  'write_file',
  function* (path: string, text: string): Sim<number> {
    const fd = (yield* call(() => open(path, O_WRONLY))) as number
    if (fd < 0) return -1
    const ret = (yield* call(() => write(fd, text))) as number
    const error = currentProcess().errno
    yield* call(() => close(fd))
    currentProcess().errno = error
    return ret
  },
)

/** Opens, reads and closes, as `cat path` does; the text, or null. */
export const read_file = kernelCall('read_file', function* (path: string): Sim<string | null> {
  const fd = (yield* call(() => open(path, O_RDONLY))) as number
  if (fd < 0) return null
  let text = ''
  let n = 0
  do {
    const buffer = new Uint8Array(4096)
    n = (yield* call(() => read(fd, buffer, 4096))) as number
    text += String.fromCharCode(...buffer.subarray(0, Math.max(0, n)))
  } while (n > 0)
  const error = currentProcess().errno
  yield* call(() => close(fd))
  currentProcess().errno = error
  return n < 0 ? null : text
})
