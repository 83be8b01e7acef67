import type { Sim } from '../../engine/suspend'
import { kernelCall } from '../../kernel/api'
import {
  addCdev, allocRegion, cdev, deleteCdev, findCdev, initCdev, MINORS, registerRegion,
  unregisterRegion,
} from '../../kernel/fs/cdev'
import { getFile, type file, type file_operations, type inode } from '../../kernel/fs/file'
import { currentProcess } from '../../kernel/fs/process'
import { EINVAL } from '../errno'
import type { ptr } from '../types'

/** Less common things about files. Part of `linux/fs`. */

export const FMODE_LSEEK = 4
export const FMODE_NONOTIFY = 0x4000000
export const O_CLOEXEC = 0o2000000
export const O_APPEND = 0o2000
export const O_EXCL = 0o200

/** Nothing to check: 0. */
export function generic_file_open(_inode: inode, _filp: file): number {
  return 0
}
/** Hands the inode's private data to the file. 0. */
export function simple_open(node: inode, f: file): number {
  const { i_private: data } = node as { i_private?: unknown }
  if (data) f.private_data = data
  return 0
}
/** Serves `write` into a kernel buffer. Bytes, or -EFAULT. */
export function simple_write_to_buffer(
  to: Uint8Array, available: number, ppos: ptr<number>, from: Uint8Array, count: number,
): number {
  const pos = ppos.value
  if (pos < 0) return -EINVAL
  if (pos >= available || count === 0) return 0
  const n = Math.min(count, available - pos)
  to.set(from.subarray(0, n), pos)
  ppos.value = pos + n
  return n
}

function seek(f: file, offset: number, whence: number, size: number): number {
  const base = [0, f.f_pos, size][whence]
  if (base === undefined || base + offset < 0) return -EINVAL
  f.f_pos = base + offset
  return f.f_pos
}
/** Moves in something of a known size: the new position or -EINVAL. */
export function fixed_size_llseek(
  f: file, offset: number, whence: number, size: number,
): number {
  return offset > size && whence === 0 ? -EINVAL : seek(f, offset, whence, size)
}
export function default_llseek(f: file, offset: number, whence: number): number {
  return seek(f, offset, whence, 0)
}
export const generic_file_llseek = default_llseek
/** Moves in something without an end: SEEK_END is -EINVAL. */
export function no_seek_end_llseek(f: file, offset: number, whence: number): number {
  return whence === 2 ? -EINVAL : seek(f, offset, whence, 0)
}
/** For drivers whose ioctls take pointers only: calls `unlocked_ioctl`. */
export const compat_ptr_ioctl = kernelCall(
  'compat_ptr_ioctl',
  (f: file, cmd: number, arg: unknown): number => f.f_op?.unlocked_ioctl?.(f, cmd, arg) ?? -515,
)

/** The open file behind a descriptor of the running program, with a reference; or null. */
export function fget(fd: number): file | null {
  const f = currentProcess().files?.open.get(fd) ?? null
  return f && getFile(f)
}
/** `count` minors of a major (0: any) with one set of operations. Major, 0 or -errno. */
export function __register_chrdev(
  major: number, baseminor: number, count: number, name: string, fops: file_operations,
): number {
  const wanted = major * MINORS + baseminor
  const first =
    major === 0 ? allocRegion(baseminor, count, name) : registerRegion(wanted, count, name)
  if (first < 0) return first
  const base = major === 0 ? first : wanted
  const c = new cdev()
  initCdev(c, fops)
  c.owner = fops.owner ?? null
  const error = addCdev(c, base, count)
  if (error) unregisterRegion(base, count)
  if (error) return error
  return major === 0 ? Math.floor(base / MINORS) : 0
}
export const __unregister_chrdev = kernelCall(
  '__unregister_chrdev',
  function* (major: number, baseminor: number, count: number, _name: string): Sim {
    const first = major * MINORS + baseminor
    const c = findCdev(first)
    unregisterRegion(first, count)
    if (c) yield* deleteCdev(c)
  },
)
