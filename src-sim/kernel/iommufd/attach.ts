import { machine } from '../../engine/current'
import type { Sim } from '../../engine/suspend'
import { EBUSY, EINVAL, ENOMEM } from '../errno'
import { attachGroupHandle, detachGroupHandle, replaceGroupHandle } from '../iommu/attach'
import { attachPasid, detachPasid, replacePasid } from '../iommu/pasid'
import { IOMMU_RESV_DIRECT_RELAXABLE, IOMMU_RESV_MSI, IOMMU_RESV_SW_MSI } from '../iommu/ops'
import { reservedRegions } from '../iommu/resv'
import { mutexUnlock } from '../locking/mutex'
import { upWrite } from '../locking/rwsem'
import { faultInjection } from '../mm/fault-injection'
import { complain } from './complain'
import type { iommufd_device } from './device'
import { answerPending } from './fault'
import type { Hwpt } from './hwpt'
import { AttachHandle, type Attachment, type IommufdGroup } from './igroup'
import type { IoPagetable } from './io-pagetable'
import { takeMutex, writeLock } from './lock'

/** Tables and the devices of a group (IOMMUFD-04, IOMMUFD-05). */

/** Not a PASID: the requests of the device itself. */
export const NO_PASID = 0

/** The device's own regions are not for mapping; nothing may be there already. */
function* reserveRegions(iopt: IoPagetable, idev: iommufd_device): Sim<number> {
  if (faultInjection(machine()).shouldFail('iopt_table_enforce_dev_resv_regions')) return -EINVAL
  yield* writeLock(iopt.iovaLock)
  const regions = yield* reservedRegions(idev.dev)
  let ret = 0
  for (const { start, length, type } of regions) {
    if (type === IOMMU_RESV_DIRECT_RELAXABLE) continue
    ret = iopt.reserve(start, start + length, idev)
    if (ret) break
  }
  const count = (kind: number): number => regions.filter((r) => r.type === kind).length
  const msi = count(IOMMU_RESV_SW_MSI)
  if (!ret && (msi > 1 || (msi > 0 && count(IOMMU_RESV_MSI) > 0))) {
    complain('msi-regions', 'iopt_table_enforce_dev_resv_regions', idev)
    ret = -EINVAL
  }
  if (ret) iopt.unreserve(idev)
  upWrite(iopt.iovaLock)
  return ret
}

/** Tables for PASIDs, and those beside them, must be made for that (IOMMUFD-12). */
function pasidMismatch(igroup: IommufdGroup, hwpt: Hwpt, pasid: number): boolean {
  if (pasid !== NO_PASID) {
    const own = igroup.hwptOf(NO_PASID)
    return !hwpt.pasidCompatible || (own !== null && !own.pasidCompatible)
  }
  return !hwpt.pasidCompatible && [...igroup.attachments.keys()].some((key) => key !== NO_PASID)
}

function* attachHardware(idev: iommufd_device, pasid: number, hwpt: Hwpt): Sim<AttachHandle | number> {
  const { igroup } = idev
  if (pasidMismatch(igroup, hwpt, pasid)) return -EINVAL
  if (faultInjection(machine()).shouldFail('iommufd_attach_handle')) return -ENOMEM
  const handle = new AttachHandle(idev)
  const ret =
    pasid === NO_PASID
      ? yield* attachGroupHandle(hwpt.domain!, igroup.group, handle)
      : yield* attachPasid(hwpt.domain!, idev.dev, pasid, handle)
  return ret || handle
}

/** One more device sees a table; the first of its group attaches the hardware. */
export function* attachTo(idev: iommufd_device, pasid: number, hwpt: Hwpt): Sim<null | number> {
  const { igroup } = idev
  yield* takeMutex(igroup.lock)
  const ret = yield* attachLocked(idev, pasid, hwpt)
  mutexUnlock(igroup.lock)
  return ret || null
}

function* attachLocked(idev: iommufd_device, pasid: number, hwpt: Hwpt): Sim<number> {
  const { igroup } = idev
  const known = igroup.attachments.get(pasid)
  if (known?.devices.has(idev)) return -EBUSY
  if (known && known.hwpt !== hwpt) return -EINVAL
  const iopt = pasid === NO_PASID ? (hwpt.ioas?.iopt ?? null) : null
  const error = iopt ? yield* reserveRegions(iopt, idev) : 0
  if (error) return error
  const attachment: Attachment = known ?? { hwpt, devices: new Set(), handles: new Map() }
  if (!known || pasid !== NO_PASID) {
    const handle = yield* attachHardware(idev, pasid, hwpt)
    if (typeof handle === 'number') {
      if (iopt) yield* iopt.removeReserved(idev)
      return handle
    }
    attachment.handles.set(idev, handle)
    igroup.attachments.set(pasid, attachment)
  }
  attachment.devices.add(idev)
  hwpt.users++
  return 0
}

/** The table that the device has left, for the caller to drop; null when it had none. */
export function* detachFrom(idev: iommufd_device, pasid: number): Sim<Hwpt | null> {
  const { igroup } = idev
  yield* takeMutex(igroup.lock)
  const attachment = igroup.attachments.get(pasid)
  const hwpt = attachment?.hwpt ?? null
  if (!attachment || !hwpt || !attachment.devices.delete(idev)) {
    mutexUnlock(igroup.lock)
    complain('not-attached', 'iommufd_hw_pagetable_detach', idev)
    return null
  }
  const last = attachment.devices.size === 0
  if (pasid !== NO_PASID) {
    yield* detachPasid(hwpt.domain!, idev.dev, pasid)
    yield* answerPending(hwpt.fault, attachment.handles.get(idev))
  } else if (last) {
    yield* detachGroupHandle(hwpt.domain!, igroup.group)
    for (const handle of attachment.handles.values()) yield* answerPending(hwpt.fault, handle)
  }
  if (last) igroup.attachments.delete(pasid)
  if (pasid === NO_PASID && hwpt.ioas) yield* hwpt.ioas.iopt.removeReserved(idev)
  mutexUnlock(igroup.lock)
  return hwpt
}

/** From one table to another without a gap; the old one stays when the new one is refused. */
export function* replaceWith(
  idev: iommufd_device, pasid: number, hwpt: Hwpt,
): Sim<Hwpt | null | number> {
  const { igroup } = idev
  yield* takeMutex(igroup.lock)
  const ret = yield* replaceLocked(idev, pasid, hwpt)
  mutexUnlock(igroup.lock)
  return ret
}

function* replaceLocked(
  idev: iommufd_device, pasid: number, hwpt: Hwpt,
): Sim<Hwpt | null | number> {
  const attachment = idev.igroup.attachments.get(pasid)
  if (!attachment?.devices.has(idev)) return -EINVAL
  const old = attachment.hwpt!
  if (old === hwpt) return null
  const moves = pasid === NO_PASID && old.ioas !== hwpt.ioas
  const to = moves ? (hwpt.ioas?.iopt ?? null) : null
  const error = to ? yield* reserveForAll(to, attachment) : 0
  if (error) return error
  const ret = yield* replaceHardware(idev, pasid, hwpt, attachment)
  if (ret) {
    if (to) for (const one of attachment.devices) yield* to.removeReserved(one)
    return ret
  }
  if (moves && old.ioas)
    for (const one of attachment.devices) yield* old.ioas.iopt.removeReserved(one)
  attachment.hwpt = hwpt
  const count = attachment.devices.size
  hwpt.users += count
  old.users -= count - 1
  return old
}

function* reserveForAll(iopt: IoPagetable, { devices }: Attachment): Sim<number> {
  for (const one of devices) {
    const error = yield* reserveRegions(iopt, one)
    if (!error) continue
    for (const other of devices) yield* iopt.removeReserved(other)
    return error
  }
  return 0
}

function* replaceHardware(
  idev: iommufd_device, pasid: number, hwpt: Hwpt, attachment: Attachment,
): Sim<number> {
  if (pasidMismatch(idev.igroup, hwpt, pasid)) return -EINVAL
  if (faultInjection(machine()).shouldFail('iommufd_attach_handle')) return -ENOMEM
  const old = attachment.hwpt!
  const handle = new AttachHandle(idev)
  const ret =
    pasid === NO_PASID
      ? yield* replaceGroupHandle(idev.igroup.group, hwpt.domain!, handle)
      : yield* replacePasid(hwpt.domain!, idev.dev, pasid, handle)
  if (ret) return ret
  for (const before of attachment.handles.values()) yield* answerPending(old.fault, before)
  attachment.handles.clear()
  attachment.handles.set(idev, handle)
  return 0
}
