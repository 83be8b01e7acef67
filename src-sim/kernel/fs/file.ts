import { machine } from '../../engine/current'
import { KernelObject } from '../../engine/object'
import { service } from '../../engine/service'
import { call, point, type Sim } from '../../engine/suspend'
import { EINVAL, ENOENT, ENOTTY, ENXIO } from '../errno'
import { emit } from '../emit'
import * as ev from '../../trace/events'
import type { kobject } from '../base/device'
import { putKobject } from '../base/core'
import { refGet, refRead } from '../base/refs'
import { modulePut, tryModuleGet, type module } from '../base/module'

/** What a driver answers for an open file. `owner` pins the module's text while one is open. */
export interface file_operations {
  owner?: module | null
  open?: ((inode: inode, file: file) => number) | null
  release?: ((inode: inode, file: file) => number) | null
  flush?: ((file: file) => number) | null
  read?: ((file: file, buf: Uint8Array, count: number, ppos: unknown) => number) | null
  write?: ((file: file, buf: Uint8Array, count: number, ppos: unknown) => number) | null
  unlocked_ioctl?: ((file: file, cmd: number, arg: any) => number) | null
  poll?: ((file: file, wait: unknown) => number) | null
  mmap?: ((file: file, vma: unknown) => number) | null
}

/** A character device: a range of numbers and what to do when one is opened. */
export class cdev extends KernelObject {
  kobj: kobject
  owner: module | null = null
  ops: file_operations | null = null
  dev = 0
  count = 0
  constructor(kobj: kobject) {
    super()
    this.kobj = kobj
  }
}

export class inode extends KernelObject {
  i_rdev = 0
  i_cdev: cdev | null = null
}

/** An open file, shared by all descriptors that refer to it. */
export class file extends KernelObject {
  f_op: file_operations | null = null
  private_data: any = null
  f_flags = 0
  f_pos = 0
  f_inode: inode
  /** @internal */
  $count = 1
  /** @internal */
  $path = ''
  constructor(node: inode) {
    super()
    this.f_inode = node
  }
  get $label(): string {
    return this.$path
  }
}

export class CharDevices {
  /** Device number -> what opens it. */
  readonly map = new Map<number, cdev>()
  /** Path below /dev -> inode. */
  readonly nodes = new Map<string, inode>()
  nextMajor = 240
}

export const charDevices = service(() => new CharDevices())

export function makeNode(path: string, rdev: number): inode {
  const node = new inode()
  node.i_rdev = rdev
  charDevices(machine()).nodes.set(path, node)
  return node
}

export function removeNode(path: string): void {
  charDevices(machine()).nodes.delete(path)
}

/** `chrdev_open` (DM-70): the cdev, its owner and the operations' owner are pinned. */
export function* openPath(path: string, flags: number): Sim<file | number> {
  const all = charDevices(machine())
  const node = all.nodes.get(path)
  if (!node) return -ENOENT
  yield point(openPath, node)
  const c = all.map.get(node.i_rdev)
  if (!c || !tryModuleGet(c.owner)) return -ENXIO
  if (refRead(c.kobj.kref) === 0) {
    modulePut(c.owner)
    return -ENXIO
  }
  refGet(c.kobj.kref)
  node.i_cdev = c
  const ops = c.ops
  if (!ops || !tryModuleGet(ops.owner ?? null)) {
    yield* putCdev(c)
    return -ENXIO
  }
  const f = new file(node)
  f.f_op = ops
  f.f_flags = flags
  f.$path = path
  yield point(openPath, f)
  const open = ops.open
  const ret = open ? yield* call(() => open(node, f)) : 0
  if (ret) {
    yield* putCdev(c)
    modulePut(f.f_op?.owner ?? null)
    return ret
  }
  emit(ev.holder_add, f, c.kobj, 'open file')
  return f
}

export function* putCdev(c: cdev): Sim {
  const { owner } = c
  yield* putKobject(c.kobj)
  modulePut(owner)
}

export function getFile(f: file): file {
  f.$count++
  return f
}

/** Drops a reference; the last one runs `release` and lets go of device and module (DM-74). */
export function* putFile(f: file): Sim {
  if (--f.$count > 0) return
  const ops = f.f_op
  yield point(putFile, f)
  const release = ops?.release
  if (release) yield* call(() => release(f.f_inode, f))
  const c = f.f_inode.i_cdev
  if (c) {
    emit(ev.holder_remove, f, c.kobj, 'open file')
    yield* putCdev(c)
  }
  modulePut(f.f_op?.owner ?? null)
}

export function* ioctlFile(f: file, cmd: number, arg: unknown): Sim<number> {
  const ioctl = f.f_op?.unlocked_ioctl
  if (!ioctl) return -ENOTTY
  return yield* call(() => ioctl(f, cmd, arg))
}

export function* readFile(f: file, buffer: Uint8Array, count: number): Sim<number> {
  const read = f.f_op?.read
  if (!read) return -EINVAL
  return yield* call(() => read(f, buffer, count, f))
}

export function* writeFile(f: file, buffer: Uint8Array, count: number): Sim<number> {
  const write = f.f_op?.write
  if (!write) return -EINVAL
  return yield* call(() => write(f, buffer, count, f))
}
