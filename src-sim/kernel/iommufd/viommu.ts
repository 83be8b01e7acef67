import { call, type Sim } from '../../engine/suspend'
import { EBUSY, EEXIST, EINVAL, ENOENT, ENOMEM, EOPNOTSUPP, EOVERFLOW, EFAULT } from '../errno'
import { upWrite } from '../locking/rwsem'
import type { iommu_domain } from '../iommu/domain'
import { opsOf, type iommu_device } from '../iommu/ops'
import type { iommufd_device } from './device'
import { HwptNested, type HwptPaging, type UserData } from './hwpt'
import type { IoptArea } from './area'
import { contiguous } from './area'
import { writeLock } from './lock'
import {
  abortObject, allocObject, finalizeObject, getObject, IommufdObject, putObject, type iommufd_ctx,
} from './objects'
import type { Ucmd } from './ucmd'
import type { Veventq } from './veventq'

/** What a virtual machine sees of an IOMMU: drivers/iommu/iommufd/viommu.c (IOMMUFD-18). */

export const IOMMU_VIOMMU_TYPE_DEFAULT = 0
export const IOMMU_HW_QUEUE_TYPE_DEFAULT = 0
const MAX_ENTRIES = 2 ** 19
const PAGE_BYTES = 4096

/** Entries that a program wants hardware to forget. */
export interface UserArray {
  type: number
  uptr: unknown
  entryLen: number
  /** How many; the driver leaves how many it has handled. */
  entryNum: number
}

/** What a driver of an IOMMU does for virtual ones. */
export interface iommufd_viommu_ops {
  destroy?: ((viommu: Viommu) => void) | null
  alloc_domain_nested?:
    ((viommu: Viommu, flags: number, data: UserData) => iommu_domain) | null
  cache_invalidate?: ((viommu: Viommu, array: UserArray) => number) | null
  supports_veventq?: ((viommu: Viommu, type: number) => boolean) | null
  vdevice_size?: number
  vdevice_init?: ((vdev: Vdevice) => number) | null
  hw_queue_init_phys?: ((queue: HwQueue, index: number, phys: number) => number) | null
  get_hw_queue_size?: ((viommu: Viommu, type: number) => number) | null
}

/** What is asked of the driver when a virtual IOMMU is made. */
export interface ViommuDriver {
  /** How large its structure is; 0: it cannot be had. */
  get_viommu_size?: ((dev: object, type: number) => number) | null
  viommu_init?: ((viommu: Viommu, parent: iommu_domain, data: UserData | null) => number) | null
}

export class Viommu extends IommufdObject {
  readonly type = 'viommu'
  readonly kind: number
  readonly hwpt: HwptPaging
  readonly iommuDev: iommu_device | null
  ops: iommufd_viommu_ops | null = null
  /** By the number that the virtual machine knows them by. */
  readonly vdevices = new Map<number, Vdevice>()
  readonly queues: Veventq[] = []
  /** Of the driver. */
  priv: unknown = null

  constructor(ictx: iommufd_ctx, kind: number, hwpt: HwptPaging, iommuDev: iommu_device | null) {
    super(ictx)
    this.kind = kind
    this.hwpt = hwpt
    this.iommuDev = iommuDev
    hwpt.users++
  }

  *destroy(): Sim {
    const destroy = this.ops?.destroy
    if (destroy) yield* call(() => destroy(this))
    this.hwpt.users--
  }
}

/** A device as a virtual machine knows it. */
export class Vdevice extends IommufdObject {
  readonly type = 'vdevice'
  readonly viommu: Viommu
  readonly idev: iommufd_device
  readonly virtId: number

  constructor(viommu: Viommu, idev: iommufd_device, virtId: number) {
    super(viommu.ictx)
    this.viommu = viommu
    this.idev = idev
    this.virtId = virtId
    viommu.users++
    idev.shortUsers++
  }

  *destroy(): Sim {
    if (this.viommu.vdevices.get(this.virtId) === this) this.viommu.vdevices.delete(this.virtId)
    if (this.idev.vdevice === this) this.idev.vdevice = null
    this.viommu.users--
    if (--this.idev.shortUsers === 0) this.ictx.freed.wakeAll()
  }
}

/** A queue of requests that hardware reads by itself. */
export class HwQueue extends IommufdObject {
  readonly type = 'hw-queue'
  readonly viommu: Viommu
  readonly kind: number
  readonly start: number
  readonly length: number
  #areas: IoptArea[] = []

  constructor(viommu: Viommu, kind: number, start: number, length: number) {
    super(viommu.ictx)
    this.viommu = viommu
    this.kind = kind
    this.start = start
    this.length = length
    viommu.users++
  }

  /** Its memory stays mapped while it is there. */
  hold(areas: IoptArea[]): void {
    this.#areas = areas
    for (const area of areas) area.locks++
  }

  *destroy(): Sim {
    for (const area of this.#areas) area.locks--
    this.viommu.users--
  }
}

/** Runs `body` with two objects found by their numbers; -ENOENT without them. */
function* withDevice(
  ucmd: Ucmd, body: (idev: iommufd_device) => Sim<number>,
): Sim<number> {
  const idev = getObject(ucmd.ictx, ucmd.cmd['dev_id'], 'device')
  if (typeof idev === 'number') return idev
  const ret = yield* body(idev as iommufd_device)
  putObject(idev)
  return ret
}

export function* withViommu(ucmd: Ucmd, body: (viommu: Viommu) => Sim<number>): Sim<number> {
  const viommu = getObject(ucmd.ictx, ucmd.cmd['viommu_id'], 'viommu')
  if (typeof viommu === 'number') return viommu
  const ret = yield* body(viommu as Viommu)
  putObject(viommu)
  return ret
}

export function* viommuAlloc(ucmd: Ucmd): Sim<number> {
  const { cmd, ictx } = ucmd
  const { type, data_len: len } = cmd
  if (cmd['flags'] || type === IOMMU_VIOMMU_TYPE_DEFAULT) return -EOPNOTSUPP
  return yield* withDevice(ucmd, function* (idev) {
    const driver = opsOf(idev.dev) as ViommuDriver | null
    const { get_viommu_size: sizeOf, viommu_init: init } = driver ?? {}
    if (!sizeOf || !init) return -EOPNOTSUPP
    if (!(yield* call(() => sizeOf(idev.dev, type)))) return -EOPNOTSUPP
    const hwpt = getObject(ictx, cmd['hwpt_id'], 'hwpt-paging') as HwptPaging | number
    if (typeof hwpt === 'number') return hwpt
    let ret = -EINVAL
    if (hwpt.nestParent) {
      const viommu = allocObject(new Viommu(ictx, type, hwpt, idev.dev.iommu?.iommu_dev ?? null))
      if (typeof viommu === 'number') hwpt.users--
      const data = len ? { type, len, uptr: cmd['data_uptr'] as unknown } : null
      ret =
        typeof viommu === 'number'
          ? viommu
          : yield* finish(ucmd, viommu, 'out_viommu_id', () => init(viommu, hwpt.domain!, data))
    }
    putObject(hwpt)
    return ret
  })
}

/** Lets the driver have its say, tells the number, and lets others find it. */
function* finish(
  { cmd, respond }: Ucmd, object: IommufdObject, out: string, init: () => number,
): Sim<number> {
  let ret = Number((yield* call(init)) ?? 0)
  cmd[out] = object.id
  ret ||= respond()
  if (ret) yield* abortObject(object)
  else finalizeObject(object)
  return ret
}

export function* vdeviceAlloc(ucmd: Ucmd): Sim<number> {
  const { cmd } = ucmd
  const virtId = cmd['virt_id'] as number
  if (virtId >= 2 ** 64) return -EINVAL
  return yield* withViommu(ucmd, function* (viommu) {
    return yield* withDevice(ucmd, function* (idev) {
      if (viommu.iommuDev !== idev.dev.iommu?.iommu_dev) return -EINVAL
      if (idev.destroying) return -ENOENT
      if (idev.vdevice || viommu.vdevices.has(virtId)) return -EEXIST
      const vdev = allocObject(new Vdevice(viommu, idev, virtId))
      if (typeof vdev === 'number') return undo(viommu, idev, vdev)
      viommu.vdevices.set(virtId, vdev)
      idev.vdevice = vdev
      const init = viommu.ops?.vdevice_init
      return yield* finish(ucmd, vdev, 'out_vdevice_id', () => (init ? init(vdev) : 0))
    })
  })
}

function undo(viommu: Viommu, idev: iommufd_device, error: number): number {
  viommu.users--
  idev.shortUsers--
  return error
}

/** IOMMU_HWPT_INVALIDATE: through a virtual IOMMU, or a table of the program's own. */
export function* hwptInvalidate(ucmd: Ucmd): Sim<number> {
  const { cmd, ictx, respond } = ucmd
  const { entry_num: count, entry_len: len, data_uptr: uptr, data_type: type } = cmd
  if (cmd['__reserved']) return -EOPNOTSUPP
  if (count && (!uptr || !len)) return finishInvalidate(ucmd, -EINVAL)
  if (count > MAX_ENTRIES || len > PAGE_BYTES) return finishInvalidate(ucmd, -EINVAL)
  const target = getObject(ictx, cmd['hwpt_id'])
  if (typeof target === 'number') return finishInvalidate(ucmd, target)
  const array: UserArray = { type, uptr, entryLen: len, entryNum: count }
  let ret = -EINVAL
  if (target instanceof HwptNested) {
    const flush = target.domain?.ops?.cache_invalidate_user
    ret = flush ? yield* call(() => flush(target.domain, array)) : -EOPNOTSUPP
  } else if (target instanceof Viommu) {
    const flush = target.ops?.cache_invalidate
    ret = flush ? yield* call(() => flush(target, array)) : -EOPNOTSUPP
  } else array.entryNum = 0
  putObject(target)
  cmd['entry_num'] = ret === -EOPNOTSUPP ? 0 : array.entryNum
  return respond() ? -EFAULT : ret
}

/** Nothing was handled. */
function finishInvalidate({ cmd, respond }: Ucmd, error: number): number {
  cmd['entry_num'] = 0
  return respond() ? -EFAULT : error
}

export function* hwQueueAlloc(ucmd: Ucmd): Sim<number> {
  const { cmd } = ucmd
  const { type, index, length, nesting_parent_iova: start } = cmd
  if (cmd['flags'] || type === IOMMU_HW_QUEUE_TYPE_DEFAULT) return -EOPNOTSUPP
  if (!length) return -EINVAL
  if (start + length > 2 ** 64) return -EOVERFLOW
  return yield* withViommu(ucmd, function* (viommu) {
    const { get_hw_queue_size: sizeOf, hw_queue_init_phys: init } = viommu.ops ?? {}
    if (!sizeOf || !init || !(yield* call(() => sizeOf(viommu, type)))) return -EOPNOTSUPP
    const { iopt } = viommu.hwpt.ioas
    yield* writeLock(iopt.iovaLock)
    const parts = contiguous(iopt.areas, start, length)
    const phys = parts ? physOf(parts.map((p) => p.area), start, length) : -ENOENT
    const queue = phys < 0 ? phys : allocObject(new HwQueue(viommu, type, start, length))
    if (typeof queue === 'number' && phys >= 0) viommu.users--
    if (typeof queue !== 'number') queue.hold(parts!.map((p) => p.area))
    upWrite(iopt.iovaLock)
    if (typeof queue === 'number') return queue
    return yield* finish(ucmd, queue, 'out_hw_queue_id', () => init(queue, index, phys))
  })
}

/** Where a queue is in memory; it must lie in one piece. */
function physOf(areas: readonly IoptArea[], start: number, length: number): number {
  const [first] = areas
  if (!first || areas.some((a) => a.preventAccess)) return -EBUSY
  const pages = first.pages!
  const at = first.pageAt(start)
  const base = pages.physAt(at)
  if (base === null) return -ENOMEM
  const count = Math.ceil(length / PAGE_BYTES)
  for (let i = 1; i < count; i++) {
    const area = areas.find((a) => start + i * PAGE_BYTES < a.end)!
    const next = area.pages!.physAt(area.pageAt(start + i * PAGE_BYTES))
    if (next !== base + i * PAGE_BYTES) return -EINVAL
  }
  return base + (first.byteAt(start) % PAGE_BYTES)
}
