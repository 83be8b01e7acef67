import { machine } from '../../engine/current'
import { service } from '../../engine/service'
import type { Sim } from '../../engine/suspend'
import type { device } from '../base/device'
import { deviceLog } from '../base/core'
import { EINVAL, ENODEV, EPERM } from '../errno'
import { putFile, getFile } from '../fs/file'
import { getGroup, putGroup } from '../iommu/groups'
import { IOMMU_CAP_CACHE_COHERENCY, IOMMU_CAP_ENFORCE_CACHE_COHERENCY } from '../iommu/ops'
import { claimDevice, releaseDevice } from '../iommu/owner'
import { mutexUnlock } from '../locking/mutex'
import { attachTo, detachFrom, NO_PASID, replaceWith } from './attach'
import { capable } from './capable'
import { allocPagingHwpt, dropHwpt, type Hwpt, type HwptPaging } from './hwpt'
import { IommufdGroup } from './igroup'
import type { Ioas } from './ioas'
import { takeMutex } from './lock'
import {
  abortObject, allocObject, destroyByOwner, finalizeObject, getObject, IommufdObject, putObject,
  type iommufd_ctx,
} from './objects'
import type { Vdevice } from './viommu'

/** Devices that programs control: drivers/iommu/iommufd/device.c. */

/** The module parameters, and whether interrupts of devices can be kept apart. */
export const iommufdSettings = service(() => ({
  allowUnsafeInterrupts: false,
  isolatedMsi: true,
}))

const UNSAFE =
  'MSI interrupts are not secure, they cannot be isolated by the platform. Check that platform ' +
  'features like interrupt remapping are enabled. Use the "allow_unsafe_interrupts" module ' +
  'parameter to override'

/** A device that a context owns. */
export class iommufd_device extends IommufdObject {
  readonly type = 'device'
  readonly dev: device
  readonly igroup: IommufdGroup
  /** What it does must always be seen by the CPU's caches. */
  enforceCoherency = false
  vdevice: Vdevice | null = null
  /** The driver has begun to take it away: no virtual device any more. */
  destroying = false

  constructor(ictx: iommufd_ctx, dev: device, igroup: IommufdGroup) {
    super(ictx)
    this.dev = dev
    this.igroup = igroup
  }

  override *preDestroy(): Sim {
    this.destroying = true
    const { vdevice } = this
    if (!vdevice) return
    vdevice.users++
    yield* destroyByOwner(vdevice, true)
  }

  *destroy(): Sim {
    yield* releaseDevice(this.dev)
    yield* putIgroup(this.ictx, this.igroup)
    if (this.ictx.file) yield* putFile(this.ictx.file)
  }
}

function igroupOf(ictx: iommufd_ctx, dev: device): IommufdGroup | number {
  const group = dev.iommu_group
  if (!group) return -ENODEV
  const known = ictx.$groups.get(group) as IommufdGroup | undefined
  if (known) {
    known.users++
    return known
  }
  const igroup = new IommufdGroup(getGroup(group))
  ictx.$groups.set(group, igroup)
  return igroup
}

function* putIgroup(ictx: iommufd_ctx, igroup: IommufdGroup): Sim {
  if (--igroup.users > 0) return
  ictx.$groups.delete(igroup.group)
  yield* putGroup(igroup.group)
}

function isolation(dev: device): number {
  const { isolatedMsi, allowUnsafeInterrupts } = iommufdSettings(machine())
  if (isolatedMsi) return 0
  if (!allowUnsafeInterrupts) return -EPERM
  deviceLog(dev, 4, UNSAFE)
  return 0
}

/** IOMMUFD-03: takes a device away from the DMA API; `id` gets its number. Or -errno. */
export function* bindDevice(
  ictx: iommufd_ctx, dev: device, id: { value: number },
): Sim<iommufd_device | number> {
  if (!capable(dev, IOMMU_CAP_CACHE_COHERENCY)) return -EINVAL
  const igroup = igroupOf(ictx, dev)
  if (typeof igroup === 'number') return igroup
  const error = isolation(dev) || (yield* claimDevice(dev, ictx))
  if (error) {
    yield* putIgroup(ictx, igroup)
    return error
  }
  const idev = allocObject(new iommufd_device(ictx, dev, igroup))
  if (typeof idev === 'number') {
    yield* releaseDevice(dev)
    yield* putIgroup(ictx, igroup)
    return idev
  }
  if (ictx.file) getFile(ictx.file)
  idev.enforceCoherency = capable(dev, IOMMU_CAP_ENFORCE_CACHE_COHERENCY)
  idev.users++
  finalizeObject(idev)
  id.value = idev.id
  return idev
}

export const unbindDevice = (idev: iommufd_device): Sim => destroyByOwner(idev)

/** How a table gets to a device: null, or the table that it replaces; or -errno. */
type Attach = (idev: iommufd_device, pasid: number, hwpt: Hwpt) => Sim<Hwpt | null | number>

/** IOMMUFD-04: a table of the address space that the device can use, or a new one. */
function* autoDomain(
  idev: iommufd_device, pasid: number, ioas: Ioas, id: { value: number }, attach: Attach,
): Sim<Hwpt | null | number> {
  yield* takeMutex(ioas.lock)
  const ret = yield* chooseDomain(idev, pasid, ioas, id, attach)
  mutexUnlock(ioas.lock)
  return ret
}

function* chooseDomain(
  idev: iommufd_device, pasid: number, ioas: Ioas, id: { value: number }, attach: Attach,
): Sim<Hwpt | null | number> {
  for (const hwpt of [...ioas.hwpts]) {
    if (!hwpt.auto || hwpt.users === 0) continue
    hwpt.users++
    const ret = yield* attach(idev, pasid, hwpt)
    hwpt.users--
    if (ret === -EINVAL) continue
    if (typeof ret !== 'number') id.value = hwpt.id
    return ret
  }
  const hwpt = yield* allocPagingHwpt(idev.ictx, ioas, idev, 0, null)
  if (typeof hwpt === 'number') return hwpt
  const ret = yield* attach(idev, pasid, hwpt)
  if (typeof ret === 'number') {
    yield* abortObject(hwpt)
    return ret
  }
  ;(hwpt as HwptPaging).auto = true
  id.value = hwpt.id
  finalizeObject(hwpt)
  return ret
}

function* changeTable(
  idev: iommufd_device, pasid: number, id: { value: number }, attach: Attach,
): Sim<number> {
  const target = getObject(idev.ictx, id.value)
  if (typeof target === 'number') return target
  let old: Hwpt | null | number = -EINVAL
  if (target.type === 'ioas') old = yield* autoDomain(idev, pasid, target as Ioas, id, attach)
  else if (target.type === 'hwpt-paging' || target.type === 'hwpt-nested')
    old = yield* attach(idev, pasid, target as Hwpt)
  putObject(target)
  if (typeof old === 'number') return old
  if (old) yield* dropHwpt(old)
  return 0
}

/** Lets a device see an address space or a table; `id` becomes the table's number (IOMMUFD-04). */
export function* attachDevice(
  idev: iommufd_device, id: { value: number }, pasid = NO_PASID,
): Sim<number> {
  const ret = yield* changeTable(idev, pasid, id, attachTo)
  if (!ret) idev.users++
  return ret
}

/** IOMMUFD-05. */
export const replaceDevice = (
  idev: iommufd_device, id: { value: number }, pasid = NO_PASID,
): Sim<number> => changeTable(idev, pasid, id, replaceWith)

/** Nothing is reached any more. */
export function* detachDevice(idev: iommufd_device, pasid = NO_PASID): Sim {
  const hwpt = yield* detachFrom(idev, pasid)
  if (!hwpt) return
  yield* dropHwpt(hwpt)
  idev.users--
}

/** Some device of the group belongs to the context. */
export const hasGroup = (ictx: iommufd_ctx | null, group: object | null): boolean =>
  ictx !== null && group !== null && ictx.$groups.has(group)

