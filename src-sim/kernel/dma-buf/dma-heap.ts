import { PAGE_SIZE } from '../../base/units'
import { machine } from '../../engine/current'
import { KernelObject } from '../../engine/object'
import { service } from '../../engine/service'
import { call, type Sim } from '../../engine/suspend'
import { errPtr, isErr, ptrErr } from '../err'
import { EFAULT, EINVAL, ENOTTY } from '../errno'
import type { file, file_operations } from '../fs/file'
import { miscdevice, registerMisc } from '../fs/misc'
import { copyFields } from './user-struct'
import { kernelLog } from '../printk/log'
import type { dma_buf } from './buffer'
import { fdOfBuffer, putBuffer } from './export'

/** The ways to get a buffer that has no device: /dev/dma_heap. */

export const DMA_HEAP_IOCTL_ALLOC = 0xc0184800
const COMMANDS = 1
/** O_CLOEXEC and the access mode. */
const FD_FLAGS = 0o2000003

/** What a program asks for, and the descriptor that it gets. */
export interface dma_heap_allocation_data {
  len: number
  fd: number
  fd_flags: number
  heap_flags: number
}

export interface dma_heap_ops {
  allocate: (heap: dma_heap, len: number, fd_flags: number, heap_flags: number) => dma_buf
}

export interface dma_heap_export_info {
  name: string
  ops: dma_heap_ops | null
  priv?: unknown
}

export class dma_heap extends KernelObject {
  name = ''
  ops: dma_heap_ops | null = null
  priv: any = null
}

const heaps = service(() => new Map<string, dma_heap>())

function* allocateFrom(heap: dma_heap, arg: dma_heap_allocation_data): Sim<number> {
  const { fd, fd_flags, heap_flags } = arg
  if (fd || fd_flags & ~FD_FLAGS || heap_flags) return -EINVAL
  const len = Math.ceil(arg.len / PAGE_SIZE) * PAGE_SIZE
  if (len === 0) return -EINVAL
  const dmabuf = yield* call(() => heap.ops!.allocate(heap, len, fd_flags, heap_flags))
  if (isErr(dmabuf)) return ptrErr(dmabuf)
  const made = fdOfBuffer(dmabuf, fd_flags)
  if (made < 0) putBuffer(dmabuf)
  return made
}

/** Programs may have been built with a shorter or longer structure: only the number counts. */
function* ioctlHeap(heap: dma_heap, cmd: number, user: unknown): Sim<number> {
  if ((cmd & 0xff) >= COMMANDS) return -EINVAL
  if (((cmd >>> 8) & 0xff) !== 0x48) return -ENOTTY
  const arg: dma_heap_allocation_data = { len: 0, fd: 0, fd_flags: 0, heap_flags: 0 }
  if (copyFields(arg, user)) return -EFAULT
  const fd = yield* allocateFrom(heap, arg)
  if (fd < 0) return fd
  ;(user as dma_heap_allocation_data).fd = fd
  return 0
}

function complain(text: string): dma_heap {
  kernelLog(machine()).print(3, `dma_heap: ${text}`)
  return errPtr(-EINVAL)
}

/** Makes /dev/dma_heap/NAME. The heap, or an error pointer. */
export function* addHeap(info: dma_heap_export_info): Sim<dma_heap> {
  const all = heaps(machine())
  if (!info.name) return complain('Cannot add heap without a name')
  if (!info.ops?.allocate) return complain('Cannot add heap with invalid ops struct')
  if (all.has(info.name)) return complain(`Already registered heap named ${info.name}`)
  const heap = new dma_heap()
  heap.name = info.name
  heap.ops = info.ops
  heap.priv = info.priv ?? null
  all.set(info.name, heap)
  const unlocked_ioctl = (_f: file, cmd: number, arg: unknown): Sim<number> => ioctlHeap(heap, cmd, arg)
  const fops = { unlocked_ioctl } as unknown as file_operations
  const misc = new miscdevice({ name: `dma_heap:${info.name}`, nodename: `dma_heap/${info.name}`, fops })
  const ret = yield* registerMisc(misc)
  if (ret === 0) return heap
  all.delete(info.name)
  return errPtr(ret)
}
