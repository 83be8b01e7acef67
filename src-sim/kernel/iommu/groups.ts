import { machine } from '../../engine/current'
import { call, type Sim } from '../../engine/suspend'
import { deviceLog } from '../base/core'
import type { device } from '../base/device'
import { sysfs } from '../base/sysfs'
import { warnIn } from './attach'
import { iommuCore } from './core'
import { freeDomain } from './default-domain'
import { GroupDevice, iommu_group } from './group'
import { linkMember, makeGroupFiles, removeGroupFiles, unlinkMember } from './group-files'

/** Making, joining and leaving groups. */

/** `iommu_group_alloc`: with one reference, the caller's. */
export function newGroup(wanted: number | null = null): iommu_group {
  const core = iommuCore(machine())
  const group = new iommu_group(core.freeNumber(wanted))
  core.groups.set(group.id, group)
  makeGroupFiles(sysfs(machine()), group)
  core.on.group.emit(group, true)
  return group
}

export function getGroup(group: iommu_group): iommu_group {
  group.$refs++
  return group
}

/** The last one takes the number and the domains with it. */
export function* putGroup(group: iommu_group | null): Sim {
  if (!group || --group.$refs > 0) return
  const core = iommuCore(machine())
  const { iommu_data_release: release, default_domain, blocking_domain } = group
  if (release) yield* call(() => release(group.iommu_data))
  core.groups.delete(group.id)
  yield* removeGroupFiles(group)
  if (default_domain) yield* freeDomain(default_domain)
  if (blocking_domain) yield* freeDomain(blocking_domain)
  core.on.group.emit(group, false)
}

/** A member: known by its files, and announced unless it was there at boot. */
export function addMember(group: iommu_group, dev: device): GroupDevice {
  const core = iommuCore(machine())
  const member = new GroupDevice(dev)
  linkMember(sysfs(machine()), group, dev)
  if (!core.booting) deviceLog(dev, 6, `Adding to iommu group ${group.id}`)
  group.$devices.push(member)
  core.on.joined.emit(group, dev)
  return member
}

/** Mutex held. */
export function dropMember(group: iommu_group, dev: device): void {
  const at = group.$devices.findIndex((member) => member.dev === dev)
  if (at < 0) return
  group.$devices.splice(at, 1)
  unlinkMember(group, dev)
  const foreign = group.owner_cnt > 0 || group.domain !== group.default_domain
  if (group.$devices.length === 0 && foreign)
    warnIn('owned-group-empties', '__iommu_group_free_device', 'IOMMU-12')
  iommuCore(machine()).on.left.emit(group, dev)
}
