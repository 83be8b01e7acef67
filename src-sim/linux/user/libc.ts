import { machine } from '../../engine/current'
import { call, type Sim } from '../../engine/suspend'
import { kernelCall } from '../../kernel/api'
import { EBADF } from '../../kernel/errno'
import { currentProcess, leaveIfKilled, ProcessExit } from '../../kernel/fs/process'
import { getFile, ioctlFile, openPath, putFile, readFile, writeFile, type file } from '../../kernel/fs/file'
import { findFile, showFile, storeFile } from '../../kernel/base/sysfs'
import { scheduleTimeoutNs } from '../../kernel/sched/schedule'
import { vsprintf } from '../../kernel/printk/format'
import { emit } from '../../kernel/emit'
import { user_print } from '../../trace/events'

/**
 * What a user program has: `user/libc`. Calls answer -1 on failure and leave the reason in
 * `errno()`, as in C.
 */
export const O_RDONLY = 0
export const O_WRONLY = 1
export const O_RDWR = 2
export const O_NONBLOCK = 0o4000

function result(ret: number): number {
  leaveIfKilled()
  if (ret >= 0) return ret
  currentProcess().errno = -ret
  return -1
}

/** The error number of the last call that failed. */
export function errno(): number {
  return currentProcess().errno
}

function lookup(fd: number): file | null {
  return currentProcess().files.get(fd) ?? null
}

/** Opens a device node; the descriptor, or -1. */
export const open = kernelCall('open', function* (path: string, flags: number): Sim<number> {
  const f = yield* openPath(path, flags)
  if (typeof f === 'number') return result(f)
  const { files } = currentProcess()
  let fd = 3
  while (files.has(fd)) fd++
  files.set(fd, f)
  return result(fd)
})

/** Closes a descriptor; the last one of a file releases it. */
export const close = kernelCall('close', function* (fd: number): Sim<number> {
  const f = lookup(fd)
  if (!f) return result(-EBADF)
  currentProcess().files.delete(fd)
  const flush = f.f_op?.flush
  const ret = flush ? yield* call(() => flush(f)) : 0
  yield* putFile(f)
  return result(ret)
})

function* withFile(fd: number, body: (f: file) => Sim<number>): Sim<number> {
  const f = lookup(fd)
  if (!f) return result(-EBADF)
  getFile(f)
  const ret = yield* body(f)
  yield* putFile(f)
  return result(ret)
}

export const ioctl = kernelCall('ioctl', function* (fd: number, cmd: number, arg?: unknown): Sim<number> {
  return yield* withFile(fd, (f) => ioctlFile(f, cmd, arg))
})
export const read = kernelCall('read', function* (fd: number, buf: Uint8Array, count: number): Sim<number> {
  return yield* withFile(fd, (f) => readFile(f, buf, count))
})
export const write = kernelCall('write', function* (fd: number, buf: Uint8Array, count: number): Sim<number> {
  return yield* withFile(fd, (f) => writeFile(f, buf, count))
})

/** A second descriptor for the same open file. */
export function dup(fd: number): number {
  const f = lookup(fd)
  if (!f) return result(-EBADF)
  const { files } = currentProcess()
  let copy = 3
  while (files.has(copy)) copy++
  files.set(copy, getFile(f))
  return copy
}

export const usleep = kernelCall('usleep', function* (us: number): Sim<number> {
  yield* scheduleTimeoutNs(us * 1000, 'usleep', 'interruptible')
  return result(0)
})

/** Ends the process; open files are closed. */
export function exit(code: number): never {
  throw new ProcessExit(code)
}

/** Prints a line of the program, on the timeline and in the console. */
export function printf(format: string, ...args: unknown[]): number {
  const text = vsprintf(machine(), format, args)
  emit(user_print, text)
  return text.length
}

/** Writes text to a sysfs file, as `echo text > path` does; bytes, or -1. */
export const write_file = kernelCall('write_file', function* (path: string, text: string): Sim<number> {
  const f = findFile(path)
  return result(typeof f === 'number' ? f : yield* storeFile(f, text))
})
export const read_file = kernelCall('read_file', function* (path: string): Sim<string | number> {
  const f = findFile(path)
  return typeof f === 'number' ? result(f) : yield* showFile(f)
})
