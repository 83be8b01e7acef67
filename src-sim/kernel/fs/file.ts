import { machine } from '../../engine/current'
import { KernelObject } from '../../engine/object'
import { call, point, type Sim } from '../../engine/suspend'
import * as ev from '../../trace/events'
import type { wait_queue_head } from '../sched/wait-queue'
import { step } from '../api'
import { emit } from '../emit'
import { EINVAL, ENOENT, ENOTTY, ENXIO } from '../errno'
import { acquireOn, releaseOn } from '../locking/access'
import { memoryAccess } from '../mm/watch'
import { warn } from '../printk/warn'
import { modulePut, tryModuleGet, type module } from '../base/module'
import type { RefOwner } from '../locking/ref-ledger'
import { cdevGet, cdevPut, findCdev, type cdev } from './cdev'
import { findNode, inode } from './devnodes'
import { FASYNC } from './fasync'
import type { address_space } from '../mm/address-space'
import { vm_area_desc, type vm_area_struct } from '../mm/vma'

export { inode } from './devnodes'

/** What `poll` of a driver is given: it names the queues whose waking may change the answer. */
export interface poll_table {
  readonly queues: wait_queue_head[]
  /** The events that the caller asks about. */
  readonly _key: number
}

/** What a driver answers for an open file. `owner` pins the module's text while one is open. */
export interface file_operations {
  owner?: module | null
  open?: ((inode: inode, file: file) => number) | null
  release?: ((inode: inode, file: file) => number) | null
  flush?: ((file: file) => number) | null
  read?: ((file: file, buf: any, count: number, ppos: { value: number }) => number) | null
  write?: ((file: file, buf: any, count: number, ppos: { value: number }) => number) | null
  unlocked_ioctl?: ((file: file, cmd: number, arg: any) => number) | null
  compat_ioctl?: ((file: file, cmd: number, arg: any) => number) | null
  poll?: ((file: file, wait: poll_table) => number) | null
  mmap?: ((file: file, vma: vm_area_struct) => number) | null
  /** Instead of `mmap`: says how the mapping is to be, before there is one. 0 or -errno. */
  mmap_prepare?: ((desc: vm_area_desc) => number) | null
  fasync?: ((fd: number, file: file, on: number) => number) | null
  llseek?: ((file: file, offset: number, whence: number) => number) | null
}

/** An open file, shared by all descriptors that refer to it. */
export class file extends KernelObject {
  f_op: file_operations | null = null
  private_data: any = null
  f_flags = 0
  f_pos = 0
  f_inode: inode
  /** What its mappings are found by: all files of one node share it, unless a driver says else. */
  f_mapping: address_space
  /** @internal */
  $count = 1
  /** @internal */
  $path = ''
  /** @internal The operations whose owner this file pins. */
  $pinned: module | null = null

  constructor(node: inode) {
    super()
    this.f_inode = node
    this.f_mapping = node.i_mapping
  }

  get $label(): string {
    return this.$path
  }
}

/** What an open file holds: its cdev (with the module that owns it), and its operations' text. */
export const openOf = (f: file): RefOwner => ({ holder: f, why: 'open file' })
export const fopsOf = (f: file): RefOwner => ({ holder: f, why: 'operations of an open file' })

/** Reads a field of a driver's table: its memory goes with the module. */
function operation<K extends keyof file_operations>(f: file, name: K): file_operations[K] | null {
  const ops = f.f_op
  if (!ops) return null
  memoryAccess(machine()).touch(ops, name, false)
  return ops[name] ?? null
}

/** Puts another table in place of the present one (`replace_fops`): the old owner is let go. */
export function replaceOps(f: file, ops: file_operations): void {
  modulePut(f.$pinned, fopsOf(f))
  f.f_op = ops
  f.$pinned = ops.owner ?? null
}

/** Opens a device node. The file, or -errno. */
export function* openPath(path: string, flags: number): Sim<file | number> {
  const node = findNode(path)
  if (!node) return -ENOENT
  return yield* step('chrdev_open', openInode(node, path, flags))
}

/** `chrdev_open` (DM-70): the cdev, its owner and the operations' owner are pinned. */
export function* openInode(node: inode, path: string, flags: number): Sim<file | number> {
  yield point(openPath, node)
  const c = (node.i_cdev as cdev | null) ?? findCdev(node.i_rdev)
  const f = new file(node)
  if (!c || !cdevGet(c, openOf(f))) return -ENXIO
  node.i_cdev = c
  c.$inodes.add(node)
  const { ops } = c
  if (!ops || !tryModuleGet(ops.owner ?? null, fopsOf(f))) {
    yield* cdevPut(c, openOf(f))
    return -ENXIO
  }
  f.f_op = ops
  f.$pinned = ops.owner ?? null
  f.f_flags = flags
  f.$path = path
  yield point(openPath, f)
  const { open } = ops
  const ret = Number((open ? yield* call(() => open(node, f)) : 0) ?? 0)
  if (ret) {
    yield* cdevPut(c, openOf(f))
    modulePut(f.$pinned, fopsOf(f))
    return ret
  }
  emit(ev.file_open, f, path, c)
  return f
}

export function getFile(f: file): file {
  if (f.$count <= 0) {
    const text = 'struct file::f_count incremented from zero; use-after-free condition present!'
    warn(machine(), 'file-get', 'include/linux/fs.h at %f', text, { objects: [f], rules: ['DM-74'] })
  }
  f.$count++
  return f
}

/** Drops a reference. True: it was the last one, and `finishFile` must follow. */
export function dropFile(f: file): boolean {
  releaseOn(f)
  if (f.$count <= 0) {
    const text = 'imbalanced put on file reference count'
    warn(machine(), 'file-put', 'fs/file.c at __file_ref_put', text, { objects: [f], rules: ['DBUF-04'] })
    return false
  }
  if (--f.$count > 0) return false
  acquireOn(f)
  return true
}

/** `__fput` (DM-74): no more signals, `release` once, then the device, then the module. */
export const finishFile = (f: file): Sim => step('__fput', letGo(f))

function* letGo(f: file): Sim {
  yield point(finishFile, f)
  if (f.f_flags & FASYNC) yield* fasyncFile(f, -1, 0)
  const release = operation(f, 'release')
  if (release) yield* call(() => release(f.f_inode, f))
  const c = f.f_inode.i_cdev as cdev | null
  emit(ev.file_release, f, c)
  if (c) yield* cdevPut(c, openOf(f))
  modulePut(f.$pinned, fopsOf(f))
}

export function* putFile(f: file): Sim {
  if (dropFile(f)) yield* finishFile(f)
}

const nameOfOps = ({ f_op }: file): string => (f_op as { $name?: string } | null)?.$name ?? '0x0'

/** `filp_flush`: runs at every close of a descriptor. */
export function* flushFile(f: file): Sim<number> {
  if (f.$count <= 0) {
    const text = `VFS: Close: file count is 0 (f_op=${nameOfOps(f)})`
    warn(machine(), 'file-closed', 'fs/open.c at filp_flush', text, {
      objects: [f],
      rules: ['DBUF-04'],
      once: false,
    })
    return 0
  }
  const flush = operation(f, 'flush')
  const ret = Number((flush ? yield* call(() => flush(f)) : 0) ?? 0)
  return ret <= -512 && ret >= -516 ? -4 : ret
}

export function* ioctlFile(f: file, cmd: number, arg: unknown): Sim<number> {
  const ioctl = operation(f, 'unlocked_ioctl')
  if (!ioctl) return -ENOTTY
  const ret = Number(yield* call(() => ioctl(f, cmd, arg)))
  return ret === -515 ? -ENOTTY : ret
}

/** Position of the file as the pointer that drivers are given. */
const position = (f: file): { value: number } => ({
  get value() {
    return f.f_pos
  },
  set value(v: number) {
    f.f_pos = v
  },
})

export function* readFile(f: file, buffer: unknown, count: number): Sim<number> {
  const read = operation(f, 'read')
  return read ? Number(yield* call(() => read(f, buffer, count, position(f)))) : -EINVAL
}

export function* writeFile(f: file, buffer: unknown, count: number): Sim<number> {
  const write = operation(f, 'write')
  return write ? Number(yield* call(() => write(f, buffer, count, position(f)))) : -EINVAL
}

const POLLIN_OUT = 0x1 | 0x40 | 0x4 | 0x100

/** What is ready: the driver's answer, or readable and writable when it has none. */
export function* pollFile(f: file, table: poll_table): Sim<number> {
  const poll = operation(f, 'poll')
  return poll ? Number(yield* call(() => poll(f, table))) : POLLIN_OUT
}

export function* fasyncFile(f: file, fd: number, on: number): Sim<number> {
  const fasync = operation(f, 'fasync')
  return fasync ? Number(yield* call(() => fasync(fd, f, on))) : -ENOTTY
}

export function* mmapFile(f: file, vma: vm_area_struct): Sim<number> {
  const prepare = operation(f, 'mmap_prepare')
  if (prepare) return yield* prepareMapping(f, vma, prepare)
  const mmap = operation(f, 'mmap')
  return mmap ? Number((yield* call(() => mmap(f, vma))) ?? 0) : -19
}

/** The driver is shown a description, and what it makes of it is what the mapping becomes. */
function* prepareMapping(
  f: file, vma: vm_area_struct, prepare: (desc: vm_area_desc) => number,
): Sim<number> {
  const desc = new vm_area_desc()
  desc.mm = vma.vm_mm
  desc.start = vma.vm_start
  desc.end = vma.vm_end
  desc.pgoff = vma.vm_pgoff
  desc.vm_file = f
  desc.vm_flags = vma.vm_flags
  desc.page_prot = vma.vm_page_prot
  const error = Number((yield* call(() => prepare(desc))) ?? 0)
  if (error) return error
  vma.vm_pgoff = desc.pgoff
  vma.vm_flags = desc.vm_flags
  vma.vm_page_prot = desc.page_prot
  vma.vm_ops = desc.vm_ops
  vma.vm_private_data = desc.private_data
  return 0
}
