import { machine } from '../../engine/current'
import { KernelObject } from '../../engine/object'
import { service } from '../../engine/service'
import { call, point, type Sim } from '../../engine/suspend'
import { registerClass } from '../base/class'
import { addDevice, deleteDevice, getDevice, initializeDevice, putDevice } from '../base/core'
import { class_, device } from '../base/device'
import { modulePut, tryModuleGet } from '../base/module'
import { EINVAL, EIO, ENODEV, ENOENT, ENOMEM, ENXIO, EPROTONOSUPPORT } from '../errno'
import { addCdev, cdev, deleteCdev, initCdev, MINORS, registerRegion } from '../fs/cdev'
import type { file, file_operations, inode } from '../fs/file'
import type { vm_area_struct } from '../mm/vma'
import { faultInjection } from '../mm/fault-injection'
import {
  refcount_t,
  refcountAddNotZero,
  refcountSet,
  refcountSubAndTest,
  refGet,
  refInit,
  refPut,
} from '../locking/refcount'
import type { RefOwner } from '../locking/ref-ledger'
import { initSrcu, srcu_struct, srcuReadLock, srcuReadUnlock, synchronizeSrcu } from '../rcu/srcu'
import { complete, completion, initCompletion, waitForCompletion } from '../sched/completion'
import { allocObject, ib_pd, ib_ucontext, type ib_device, type uverbs_method_def } from './device'
import { destroyHardware, destroyObject, freeDummyPage, ib_uverbs_file } from './file'
import { prepareUmap } from './umap'

/** The one number of the system call; what is wanted stands in its argument. */
export const RDMA_VERBS_IOCTL = 0xc0181b01
/** Calls that all devices have. Those of a driver begin at 0x1000. */
export const UVERBS = { GET_CONTEXT: 0, ALLOC_PD: 3, DEALLOC_PD: 4 } as const

const MAJOR = 231
const FIRST_MINOR = 192
const DEVICES_MAX = 32

/**
 * What programs open. It belongs to the core and outlives the device of the driver: `ibDevice` is
 * null from disassociation on, and whoever looks at it does so as a reader of `srcu`.
 */
export class UverbsDevice extends KernelObject {
  readonly $type = 'ib_uverbs_device'
  readonly dev = new device()
  readonly cdev = new cdev()
  readonly srcu = new srcu_struct()
  readonly refcount = new refcount_t()
  readonly drained = new completion()
  readonly files: ib_uverbs_file[] = []
  number = 0
  ibDevice: ib_device | null = null
  /** The driver's calls by their number; emptied by disassociation. */
  methods = new Map<number, uverbs_method_def>()
}

class Uverbs {
  readonly class = new class_({ name: 'infiniband_verbs' })
  readonly numbers = new Set<number>()
  readonly byCdev = new Map<cdev, UverbsDevice>()

  constructor() {
    machine().runtime.atomic(registerClass(this.class))
    this.class.devnode = (dev) => `infiniband/${dev.$label}`
    registerRegion(MAJOR * MINORS + FIRST_MINOR, DEVICES_MAX, 'infiniband_verbs')
  }
}

const uverbs = service(() => new Uverbs())

/** `ib_uverbs_add_one`: the node appears. 0 or -errno. */
export function* addUverbs(ib: ib_device): Sim<number> {
  const core = uverbs(machine())
  if (faultInjection(machine()).shouldFail('ib_uverbs_add_one')) return -ENOMEM
  const u = new UverbsDevice()
  initSrcu(u.srcu, 'disassociate_srcu', core)
  initCompletion(u.drained)
  refcountSet(u.refcount, 1)
  while (core.numbers.has(u.number)) u.number++
  core.numbers.add(u.number)
  initializeDevice(u.dev)
  u.dev.class = core.class
  u.dev.parent = ib.dev.parent
  u.dev.kobj.name = `uverbs${u.number}`
  u.dev.devt = MAJOR * MINORS + FIRST_MINOR + u.number
  u.dev.release = () => {}
  u.ibDevice = ib
  for (const method of ib.ops.driver_def ?? []) u.methods.set(method.id, method)
  initCdev(u.cdev, operations(ib))
  u.cdev.kobj.parent = u.dev.kobj
  core.byCdev.set(u.cdev, u)
  const error = addCdev(u.cdev, u.dev.devt, 1) || (yield* addDevice(u.dev))
  if (!error) ib.$uverbs = u
  else core.numbers.delete(u.number)
  return error
}

/** `ib_uverbs_remove_one`: with disassociation it returns at once, without it waits for closes. */
export function* removeUverbs(ib: ib_device, u: UverbsDevice): Sim {
  yield* deleteDevice(u.dev)
  yield* deleteCdev(u.cdev)
  uverbs(machine()).numbers.delete(u.number)
  const { disassociate_ucontext: disassociates } = ib.ops
  if (disassociates) yield* disassociate(u)
  put(u)
  if (!disassociates) {
    const wait = waitForCompletion(u.drained)
    if (wait) yield* wait
  }
  yield* putDevice(u.dev)
}

/** No call can start, those that run are waited for, then each file loses its hardware (DM-81). */
function* disassociate(u: UverbsDevice): Sim {
  u.ibDevice = null
  u.methods.clear()
  yield point(removeUverbs, u)
  yield* synchronizeSrcu(u.srcu)
  for (let ufile = u.files.shift(); ufile; ufile = u.files.shift()) {
    refGet(ufile.ref)
    yield* destroyHardware(ufile, 'driver remove')
    yield* putFile(ufile)
  }
}

function put(u: UverbsDevice): void {
  if (refcountSubAndTest(1, u.refcount)) complete(u.drained)
}

const operations = (ib: ib_device): file_operations =>
  ({
    open: openFile,
    release: closeFile,
    unlocked_ioctl: callFile,
    mmap: ib.ops.mmap ? mmapFile : null,
  }) as unknown as file_operations

/** Runs `body` as a reader: disassociation waits until it is over, however long it takes. */
function* reading<T>(u: UverbsDevice, body: (ib: ib_device | null) => Sim<T>): Sim<T> {
  const index = srcuReadLock(u.srcu, 'normal')
  const result = yield* body(u.ibDevice)
  srcuReadUnlock(u.srcu, index)
  return result
}

const pinOf = (ufile: ib_uverbs_file): RefOwner => ({ holder: ufile, why: 'open verbs file' })

/** Without disassociation an open file pins the driver's module (DM-83). */
function* openFile(node: inode, f: file): Sim<number> {
  const u = uverbs(machine()).byCdev.get(node.i_cdev as cdev)!
  if (!refcountAddNotZero(1, u.refcount)) return -ENXIO
  getDevice(u.dev)
  const ret = yield* reading(u, function* (ib) {
    if (!ib) return -EIO
    const ufile = new ib_uverbs_file()
    if (!ib.ops.disassociate_ucontext && !tryModuleGet(ib.ops.owner ?? null, pinOf(ufile)))
      return -ENODEV
    refInit(ufile.ref)
    ufile.device = u
    f.private_data = ufile
    u.files.push(ufile)
    return 0
  })
  if (ret === 0) return 0
  put(u)
  yield* putDevice(u.dev)
  return ret
}

function* closeFile(_node: inode, f: file): Sim<number> {
  const ufile = f.private_data as ib_uverbs_file
  const { files } = ufile.device!
  yield* destroyHardware(ufile, 'close')
  const at = files.indexOf(ufile)
  if (at >= 0) files.splice(at, 1)
  yield* putFile(ufile)
  return 0
}

/** `ib_uverbs_release_file`: the last one lets go of the module, if it had it, and of the device. */
function* putFile(ufile: ib_uverbs_file): Sim {
  if (!refPut(ufile.ref)) return
  const u = ufile.device!
  const ib = u.ibDevice
  if (ib && !ib.ops.disassociate_ucontext) modulePut(ib.ops.owner ?? null, pinOf(ufile))
  freeDummyPage(ufile)
  put(u)
  yield* putDevice(u.dev)
}

interface Request {
  method_id: number
  /** For calls about an object. */
  handle?: number
}

function* callFile(f: file, cmd: number, arg: Request | null): Sim<number> {
  if (cmd !== RDMA_VERBS_IOCTL || arg === null || typeof arg !== 'object') return -EINVAL
  const ufile = f.private_data as ib_uverbs_file
  return yield* reading(ufile.device!, (ib) => callVerb(ufile, ib, arg))
}

/** DM-82: -EIO without a device, -EINVAL without a context. */
function* callVerb(ufile: ib_uverbs_file, ib: ib_device | null, request: Request): Sim<number> {
  if (!ib) return -EIO
  if (request.method_id === UVERBS.GET_CONTEXT) return yield* makeContext(ufile, ib, request)
  const context = ufile.ucontext
  if (!context) return -EINVAL
  if (request.method_id === UVERBS.ALLOC_PD) return yield* makeDomain(ufile, ib, request)
  if (request.method_id === UVERBS.DEALLOC_PD) {
    const object = ufile.$objects.find((o) => o.id === request.handle)
    return object ? yield* destroyObject(ufile, ib, object, 'close') : -ENOENT
  }
  const method = ufile.device!.methods.get(request.method_id)
  if (!method) return -EPROTONOSUPPORT
  const attrs = { ufile, context, driver_udata: request }
  return Number((yield* call(() => method.handler(attrs))) ?? 0)
}

function* makeContext(ufile: ib_uverbs_file, ib: ib_device, udata: Request): Sim<number> {
  if (ufile.ucontext) return -EINVAL
  const context = allocObject(ib.ops.size_ib_ucontext, ib_ucontext)
  if (!context) return -ENOMEM
  context.device = ib
  context.ufile = ufile
  const alloc = ib.ops.alloc_ucontext!
  const ret = Number((yield* call(() => alloc(context, udata))) ?? 0)
  if (ret === 0) ufile.ucontext = context
  return ret
}

function* makeDomain(ufile: ib_uverbs_file, ib: ib_device, udata: Request): Sim<number> {
  const pd = allocObject(ib.ops.size_ib_pd, ib_pd)
  if (!pd) return -ENOMEM
  pd.device = ib
  const alloc = ib.ops.alloc_pd
  const ret = alloc ? Number((yield* call(() => alloc(pd, udata))) ?? 0) : 0
  if (ret) return ret
  const id = ufile.$nextId++
  ufile.$objects.push({ id, pd, locked: false })
  return id
}

function* mmapFile(f: file, vma: vm_area_struct): Sim<number> {
  const ufile = f.private_data as ib_uverbs_file
  return yield* reading(ufile.device!, function* (ib) {
    if (!ib) return -EIO
    const context = ufile.ucontext
    if (!context) return -EINVAL
    prepareUmap(vma)
    const mmap = ib.ops.mmap!
    return Number((yield* call(() => mmap(context, vma))) ?? 0)
  })
}
