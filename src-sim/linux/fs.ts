import { quiet } from '../kernel/api'
import { allocRegion, MINORS, registerRegion, unregisterRegion } from '../kernel/fs/cdev'
import { modulePut, tryModuleGet } from '../kernel/base/module'
import { getFile, replaceOps, type file, type file_operations } from '../kernel/fs/file'
import { fput as putFile } from '../kernel/fs/file-table'
import { __register_chrdev, __unregister_chrdev } from './fs/more'
import type { ptr } from './types'

/** Brought along, as by the C header. */
export * from './bug'
export * from './err'
export * from './errno'
export * from './list'
export * from './llist'
export * from './mutex'
export * from './percpu-rwsem'
export * from './rwsem'
export * from './semaphore'
export * from './slab'
export * from './spinlock'
export * from './types'
export * from './wait'
export * from './wait_bit'
export * from './workqueue'
export * from './xarray'

/** Files and device numbers: `linux/fs`. */
export * from './fs/fasync'
export * from './fs/kernel-files'
export * from './fs/more'
export { file, inode, type file_operations, type poll_table } from '../kernel/fs/file'
export { vm_area_desc, vm_area_struct, type vm_operations_struct } from '../kernel/mm/vma'

export const O_RDONLY = 0
export const O_WRONLY = 1
export const O_RDWR = 2
export const O_NONBLOCK = 0o4000
export const FMODE_READ = 1
export const FMODE_WRITE = 2
export const SEEK_SET = 0
export const SEEK_CUR = 1
export const SEEK_END = 2

export const MKDEV = quiet(function MKDEV(major: number, minor: number): number {
  return major * MINORS + minor
})
export const MAJOR = quiet(function MAJOR(dev: number): number {
  return Math.floor(dev / MINORS)
})
export const MINOR = quiet(function MINOR(dev: number): number {
  return dev % MINORS
})
export const iminor = quiet(function iminor(node: { i_rdev: number }): number {
  return node.i_rdev % MINORS
})
export const imajor = quiet(function imajor(node: { i_rdev: number }): number {
  return Math.floor(node.i_rdev / MINORS)
})

/**
 * Reserves device numbers; the first goes to `*dev`. 0 or -EBUSY. Pair:
 * `unregister_chrdev_region`.
 */
export function alloc_chrdev_region(
  dev: ptr<number>,
  baseminor: number,
  count: number,
  name: string,
): number {
  const first = allocRegion(baseminor, count, name)
  if (first < 0) return first
  dev.value = first
  return 0
}
/** Reserves the device numbers from `from` on. 0 or -EBUSY. */
export function register_chrdev_region(from: number, count: number, name: string): number {
  return registerRegion(from, count, name)
}
export function unregister_chrdev_region(from: number, count: number): void {
  unregisterRegion(from, count)
}

/** The old way: 256 minors of a major (0: any) with one set of operations. Major or -errno. */
export function register_chrdev(major: number, name: string, fops: file_operations): number {
  return __register_chrdev(major, 0, 256, name, fops)
}
export function unregister_chrdev(major: number, name: string): void {
  return __unregister_chrdev(major, 0, 256, name)
}

/** Pins the module that a table of operations belongs to: the table, or null when it is going. */
export function fops_get(fops: file_operations | null): file_operations | null {
  return fops && tryModuleGet(fops.owner ?? null) ? fops : null
}
/** Undoes `fops_get`. */
export function fops_put(fops: file_operations | null): void {
  modulePut(fops?.owner ?? null)
}
/** Puts a table that was got with `fops_get` in the place of the file's own, which is let go. */
export function replace_fops(filp: file, fops: file_operations): void {
  replaceOps(filp, fops)
}

/** Takes a reference to an open file. Pair: `fput`. */
export function get_file(f: file): file {
  return getFile(f)
}
/** A reference to the file behind a pointer, unless its last one has gone: then null. */
export function get_file_active(f: ptr<file | null>): file | null {
  const { value } = f
  return value !== null && value.$count > 0 ? getFile(value) : null
}
/** Drops a reference; a last one is released on the way out of the kernel, or by a worker. */
export function fput(f: file): void {
  putFile(f)
}
/** How many references there are to an open file. */
export const file_count = quiet(function file_count(f: file): number {
  return f.$count
})
export function file_inode(f: file) {
  return f.f_inode
}

/** For files that have no position. 0. */
export function nonseekable_open(_inode: unknown, _filp: file): number {
  return 0
}
export function stream_open(_inode: unknown, _filp: file): number {
  return 0
}
export function no_llseek(_file: file, _offset: number, _whence: number): number {
  return -29
}
export function noop_llseek(f: file, _offset: number, _whence: number): number {
  return f.f_pos
}

/** Serves `read` from a kernel buffer. Bytes, or -EFAULT. */
export function simple_read_from_buffer(
  to: Uint8Array,
  count: number,
  ppos: ptr<number>,
  from: Uint8Array,
  available: number,
): number {
  const pos = ppos.value
  if (pos < 0) return -22
  if (pos >= available || count === 0) return 0
  const n = Math.min(count, available - pos)
  to.set(from.subarray(pos, pos + n))
  ppos.value = pos + n
  return n
}
