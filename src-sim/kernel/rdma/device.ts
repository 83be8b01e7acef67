import { machine } from '../../engine/current'
import { hidden, KernelObject } from '../../engine/object'
import { service } from '../../engine/service'
import { point, type Sim } from '../../engine/suspend'
import { registerClass } from '../base/class'
import { addDevice, deleteDevice, initializeDevice, putDevice } from '../base/core'
import { class_, device } from '../base/device'
import type { module } from '../base/module'
import { EINVAL, ENFILE } from '../errno'
import type { vm_area_struct } from '../mm/vma'
import { refcount_t, refcountAddNotZero, refcountSet, refcountSubAndTest } from '../locking/refcount'
import { allocate, slab } from '../mm/slab'
import { complete, completion, initCompletion, waitForCompletion } from '../sched/completion'
import type { ib_uverbs_file } from './file'
import { addUverbs, removeUverbs, type UverbsDevice } from './uverbs'

/** What a driver keeps for one program that uses its device. Drivers embed it in their own. */
export class ib_ucontext extends KernelObject {
  device: ib_device | null = null
  ufile: ib_uverbs_file | null = null
}

/** A protection domain: the simplest thing that a program makes in the hardware. */
export class ib_pd extends KernelObject {
  device: ib_device | null = null
}

/** What a call of a program brings along. */
export interface uverbs_attr_bundle {
  ufile: ib_uverbs_file
  context: ib_ucontext | null
  /** The structure that the program gave, for the driver's own part of a call. */
  driver_udata: any
}

/** One call of a driver's own, beside those that all devices have. */
export interface uverbs_method_def {
  id: number
  handler: (attrs: uverbs_attr_bundle) => number
}

/** A class of the driver in place of the core's own, and where that is embedded in it. */
export interface RdmaObjectSize {
  type: new () => object
  member: string
}

/** What a driver offers. With `disassociate_ucontext` it can be removed while files are open. */
export interface ib_device_ops {
  owner?: module | null
  driver_id?: number
  uverbs_abi_ver?: number
  size_ib_ucontext?: RdmaObjectSize
  size_ib_pd?: RdmaObjectSize
  driver_def?: readonly uverbs_method_def[]
  alloc_ucontext?: ((context: ib_ucontext, udata: any) => number) | null
  dealloc_ucontext?: ((context: ib_ucontext) => void) | null
  disassociate_ucontext?: ((context: ib_ucontext) => void) | null
  ufile_hw_cleanup?: ((ufile: ib_uverbs_file) => void) | null
  mmap?: ((context: ib_ucontext, vma: vm_area_struct) => number) | null
  alloc_pd?: ((pd: ib_pd, udata: any) => number) | null
  dealloc_pd?: ((pd: ib_pd, udata: any) => number) | null
}

export class ib_device extends KernelObject {
  dev = new device()
  name = ''
  ops: ib_device_ops = {}
  refcount = new refcount_t()
  unreg_completion = new completion()
  /** @internal */
  $uverbs: UverbsDevice | null = null

  get $label(): string {
    return this.name
  }
}

class RdmaCore {
  readonly class = new class_({ name: 'infiniband' })
  readonly names = new Set<string>()

  constructor() {
    machine().runtime.atomic(registerClass(this.class))
  }
}

const rdmaCore = service(() => new RdmaCore())

/** The structure of the driver around the device; null without memory. */
export function allocIbDevice<T extends object>(type: new () => T, member: string): T | null {
  const container = allocate(type, true)
  if (!container) return null
  const ib = (container as Record<string, unknown>)[member] as ib_device
  initializeDevice(ib.dev)
  ib.dev.class = rdmaCore(machine()).class
  ib.dev.release = () => slab(machine()).free(container)
  initCompletion(ib.unreg_completion)
  return container
}

/** `demo%d` gets the lowest free number. 0, -EINVAL or -ENFILE. */
function assignName(ib: ib_device, pattern: string): number {
  const { names } = rdmaCore(machine())
  if (!pattern.includes('%d')) {
    if (names.has(pattern)) return -ENFILE
    ib.name = pattern
  } else {
    let i = 0
    while (names.has(pattern.replace('%d', String(i)))) i++
    ib.name = pattern.replace('%d', String(i))
  }
  names.add(ib.name)
  return 0
}

/** The device and its node for programs appear. 0 or -errno. */
export function* registerIbDevice(ib: ib_device, pattern: string): Sim<number> {
  if (pattern === '') return -EINVAL
  const named = assignName(ib, pattern)
  if (named) return named
  ib.dev.kobj.name = ib.name
  ib.dev.devt = 0
  refcountSet(ib.refcount, 1)
  const error = (yield* addDevice(ib.dev)) || (yield* addClients(ib))
  if (error) rdmaCore(machine()).names.delete(ib.name)
  return error
}

function* addClients(ib: ib_device): Sim<number> {
  if (!ib.ops.alloc_ucontext) return 0
  const error = yield* addUverbs(ib)
  if (error) yield* deleteDevice(ib.dev)
  return error
}

/**
 * Nobody new, then the clients go (which disassociates or waits for open files), then every
 * reference that somebody took is waited for (DM-81, DM-83).
 */
export function* unregisterIbDevice(ib: ib_device): Sim {
  yield point(unregisterIbDevice, ib)
  if (ib.$uverbs) yield* removeUverbs(ib, ib.$uverbs)
  ib.$uverbs = null
  putIbDevice(ib)
  const wait = waitForCompletion(ib.unreg_completion)
  if (wait) yield* wait
  yield* deleteDevice(ib.dev)
  rdmaCore(machine()).names.delete(ib.name)
}

export function* deallocIbDevice(ib: ib_device): Sim {
  yield* putDevice(ib.dev)
}

/** Keeps the device registered, not only its memory. False once it is being unregistered. */
export const tryGetIbDevice = (ib: ib_device): boolean => refcountAddNotZero(1, ib.refcount)

export function putIbDevice(ib: ib_device): void {
  if (refcountSubAndTest(1, ib.refcount)) complete(ib.unreg_completion)
}

/** One of the core's objects inside the driver's own class, if it has one. */
export function allocObject<T extends object>(
  size: RdmaObjectSize | undefined,
  plain: new () => T,
): T | null {
  if (!size) return allocate(plain, true)
  const container = allocate(size.type, true)
  return container && ((container as Record<string, unknown>)[size.member] as T)
}

export function freeObject(object: object): void {
  slab(machine()).free(hidden(object).$parent ?? object)
}
