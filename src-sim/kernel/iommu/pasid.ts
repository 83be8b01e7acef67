import { machine } from '../../engine/current'
import { service } from '../../engine/service'
import { call, type Sim } from '../../engine/suspend'
import type { device } from '../base/device'
import { readNumbers } from '../base/property'
import { EBUSY, EINVAL, ENODEV, ENOENT, EOPNOTSUPP } from '../errno'
import { errPtr } from '../err'
import { maxPasids } from '../pci/ats'
import { compatible, warnIn } from './attach'
import type { iommu_domain } from './domain'
import { withGroup, type iommu_attach_handle, type iommu_group } from './group'
import { opsOf } from './ops'
import { pciOf } from './pci-group'

/** Domains for a part of a device's transactions: those that carry a certain PASID. */

/** Transactions without a PASID. */
export const IOMMU_NO_PASID = 0
export const IOMMU_FIRST_GLOBAL_PASID = 1
export const IOMMU_PASID_INVALID = -1

/** Numbers that are given out, for all devices together (SVA-01). */
const taken = service(() => new Set<number>())

/** How many PASIDs a device can use: what it says, or what firmware says of it. */
export function devicePasids(dev: device): number {
  const pdev = pciOf(dev)
  if (pdev) return Math.max(0, maxPasids(pdev))
  const bits = [0]
  return readNumbers(dev, 'pasid-num-bits', bits, 1) === 0 ? 2 ** bits[0]! : 0
}

/** The lowest that is free and that the device can use, or IOMMU_PASID_INVALID. */
export function allocGlobalPasid(dev: device): number {
  const max = dev.iommu?.max_pasids ?? 0
  if (max === 0) return IOMMU_PASID_INVALID
  const used = taken(machine())
  for (let pasid = IOMMU_FIRST_GLOBAL_PASID; pasid < max; pasid++) {
    if (used.has(pasid)) continue
    used.add(pasid)
    return pasid
  }
  return IOMMU_PASID_INVALID
}

export function freeGlobalPasid(pasid: number): void {
  if (pasid === IOMMU_PASID_INVALID) {
    warnIn('free-pasid', 'iommu_free_global_pasid', 'SVA-01')
    return
  }
  taken(machine()).delete(pasid)
}

const canPasid = (dev: device): boolean => (dev.iommu?.max_pasids ?? 0) > 0

/** The driver must take PASIDs both in and out. */
function takesPasids(dev: device, domain: iommu_domain): boolean {
  return !!domain.ops?.set_dev_pasid && !!opsOf(dev)?.blocked_domain?.ops?.set_dev_pasid
}

/** Every transaction with this PASID fails from here on. */
function* removeFrom(dev: device, pasid: number, old: iommu_domain | null): Sim {
  const blocked = opsOf(dev)?.blocked_domain
  const set = blocked?.ops?.set_dev_pasid
  const ret = set ? yield* call(() => set(blocked, dev, pasid, old)) : -EOPNOTSUPP
  if (ret) warnIn('pasid-blocked', 'iommu_remove_dev_pasid', 'SVA-06')
}

/** All devices of the group that know PASIDs, or none (SVA-05). */
function* setAll(
  domain: iommu_domain, group: iommu_group, pasid: number, old: iommu_domain | null,
): Sim<number> {
  const set = domain.ops!.set_dev_pasid!
  const done: device[] = []
  for (const { dev } of group.$devices) {
    if (!canPasid(dev)) continue
    const ret = yield* call(() => set(domain, dev, pasid, old))
    if (!ret) {
      done.push(dev)
      continue
    }
    const back = old?.ops?.set_dev_pasid
    for (const other of done) {
      const failed = old && back ? yield* call(() => back(old, other, pasid, domain)) : 1
      if (failed) yield* removeFrom(other, pasid, domain)
    }
    return ret
  }
  return 0
}

const resetting = (group: iommu_group): boolean => group.$devices.some((m) => m.resets > 0)

/** `iommu_attach_device_pasid`. */
export function* attachPasid(
  domain: iommu_domain, dev: device, pasid: number, handle: iommu_attach_handle | null,
): Sim<number> {
  const group = dev.iommu_group
  if (!group) return -ENODEV
  if (!takesPasids(dev, domain)) return -EOPNOTSUPP
  if (!compatible(dev, domain) || pasid === IOMMU_NO_PASID) return -EINVAL
  return yield* withGroup(group, function* () {
    if (resetting(group)) return -EBUSY
    for (const { dev: member } of group.$devices)
      if (canPasid(member) && pasid >= member.iommu!.max_pasids) return -EINVAL
    if (group.$pasids.has(pasid)) return -EBUSY
    const entry = { domain: null as iommu_domain | null, handle: null as iommu_attach_handle | null }
    group.$pasids.set(pasid, entry)
    const ret = yield* setAll(domain, group, pasid, null)
    if (ret) {
      group.$pasids.delete(pasid)
      return ret
    }
    // Faults find the handle only now that nothing can fail any more.
    if (handle) handle.domain = domain
    entry.domain = domain
    entry.handle = handle
    return 0
  })
}

/** `iommu_detach_device_pasid`: a device without a group dereferences NULL (DMA-61). */
export function* detachPasid(domain: iommu_domain, dev: device, pasid: number): Sim {
  const group = dev.iommu_group!
  yield* withGroup(group, function* () {
    for (const { dev: member } of group.$devices)
      if (canPasid(member)) yield* removeFrom(member, pasid, domain)
    group.$pasids.delete(pasid)
  })
}

/** `iommu_replace_device_pasid` (IOMMU-08). */
export function* replacePasid(
  domain: iommu_domain, dev: device, pasid: number, handle: iommu_attach_handle | null,
): Sim<number> {
  const group = dev.iommu_group
  if (!group) return -ENODEV
  if (!domain.ops?.set_dev_pasid) return -EOPNOTSUPP
  if (!compatible(dev, domain) || pasid === IOMMU_NO_PASID || !handle) return -EINVAL
  return yield* withGroup(group, function* () {
    if (resetting(group)) return -EBUSY
    const entry = group.$pasids.get(pasid)
    if (!entry?.domain) return -EINVAL
    if (entry.handle === handle) {
      warnIn('same-handle', 'iommu_replace_device_pasid', 'IOMMU-08')
      return -EINVAL
    }
    if (entry.domain !== domain) {
      const ret = yield* setAll(domain, group, pasid, entry.domain)
      if (ret) return ret
    }
    handle.domain = domain
    group.$pasids.set(pasid, { domain, handle })
    return 0
  })
}

/** Who has attached to a PASID; `type` 0: whatever kind of domain it is. */
export function attachHandle(
  group: iommu_group, pasid: number, type: number,
): iommu_attach_handle {
  const entry = group.$pasids.get(pasid)
  if (!entry?.domain) return errPtr(-ENOENT)
  if (type && entry.domain.type !== type) return errPtr(-EBUSY)
  return entry.handle ?? errPtr(-ENOENT)
}
