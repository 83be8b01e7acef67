import { machine } from '../../engine/current'
import { call, type Sim } from '../../engine/suspend'
import { kernelCall, quiet } from '../../kernel/api'
import { deleteModule, loadModule } from '../../kernel/base/module'
import { EBADF } from '../../kernel/errno'
import { closeFd, currentProcess, installFd } from '../../kernel/fs/process'
import { fput } from '../../kernel/fs/file-table'
import { fasyncFile, getFile, ioctlFile, readFile, writeFile } from '../../kernel/fs/file'
import { pollFiles, POLLERR, POLLHUP, POLLIN, POLLNVAL, POLLOUT } from '../../kernel/fs/poll'
import { openAny, seekFile } from '../../kernel/fs/open'
import { scheduleTimeoutNs } from '../../kernel/sched/schedule'
import { vsprintf } from '../../kernel/printk/format'
import { kernelLog } from '../../kernel/printk/log'
import { emit } from '../../kernel/emit'
import { sys_enter } from '../../trace/events'
import { leave, withFile } from './syscall'

export * from './mman'
export * from './unistd'

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

/** The error number of the last call that failed. */
export const errno = quiet(function errno(): number {
  return currentProcess().errno
})

/** Opens a device node, or a file under /sys or /proc; the descriptor, or -1. */
export const open = kernelCall(
  'open',
  function* (path: string, flags: number = O_RDWR): Sim<number> {
    emit(sys_enter, 'open', null, -1, flags)
    const f = yield* openAny(path, flags)
    const ret = typeof f === 'number' ? f : installFd(currentProcess(), f)
    if (ret >= 0 && flags & O_CLOEXEC) currentProcess().files!.cloexec.add(ret)
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
  function* (fd: number, buf: Uint8Array | number, count: number): Sim<number> {
    return yield* withFile('read', fd, count, (f) => readFile(f, buf, count))
  },
)

const lengthOf = (buf: Uint8Array | string | number): number =>
  typeof buf === 'number' ? 0 : buf.length

/** Writes bytes (or a text, or what is at an address); how many were taken, or -1. */
export const write = kernelCall(
  'write',
  function* (
    fd: number, buf: Uint8Array | string | number, count: number = lengthOf(buf),
  ): Sim<number> {
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

export const usleep = kernelCall('usleep', function* (us: number): Sim<number> {
  yield* scheduleTimeoutNs(us * 1000, 'usleep', 'interruptible')
  return yield* leave('nanosleep', 0)
})
export const sleep = kernelCall('sleep', function* (seconds: number): Sim<number> {
  yield* scheduleTimeoutNs(seconds * 1_000_000_000, 'sleep', 'interruptible')
  return yield* leave('nanosleep', 0)
})

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
