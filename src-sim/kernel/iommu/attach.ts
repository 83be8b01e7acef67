import { machine } from '../../engine/current'
import { call, point, type Sim } from '../../engine/suspend'
import { attach_device_to_domain, detach_device_from_domain } from '../../trace/events'
import { deviceLog } from '../base/core'
import type { device } from '../base/device'
import { emit } from '../emit'
import { EBUSY, EINVAL, ENODEV } from '../errno'
import { warn } from '../printk/warn'
import { IOMMU_DOMAIN_BLOCKED, type iommu_domain } from './domain'
import { withGroup, type iommu_attach_handle, type iommu_group } from './group'
import { opsOf } from './ops'

/** Which domain the devices of a group see: drivers/iommu/iommu.c. */

const REJECTED =
  'Firmware has requested this device have a 1:1 IOMMU mapping, rejecting configuring the ' +
  'device without a 1:1 mapping. Contact your platform vendor.'

export const warnIn = (what: string, func: string, rule: string): void =>
  warn(machine(), `iommu-${what}`, `drivers/iommu/iommu.c at ${func}`, null, { rules: [rule] })

/** Hands a domain to the hardware of one device. */
export function* attachToDomain(
  domain: iommu_domain,
  dev: device,
  old: iommu_domain | null,
): Sim<number> {
  const attach = domain.ops?.attach_dev
  if (!attach) return -ENODEV
  const ret = yield* call(() => attach(domain, dev, old))
  if (ret) return ret
  dev.iommu!.attach_deferred = false
  if (old) emit(detach_device_from_domain, dev, old)
  emit(attach_device_to_domain, dev, domain)
  return 0
}

function* setDeviceDomain(
  group: iommu_group,
  dev: device,
  to: iommu_domain,
  old: iommu_domain | null,
  mustSucceed: boolean,
): Sim<number> {
  const iommu = dev.iommu!
  const blocks = to.type === IOMMU_DOMAIN_BLOCKED || to === group.blocking_domain
  if (iommu.require_direct && blocks) {
    deviceLog(dev, 4, REJECTED)
    return -EINVAL
  }
  if (iommu.attach_deferred) {
    if (to === group.default_domain) return 0
    iommu.attach_deferred = false
  }
  const ret = yield* attachToDomain(to, dev, old)
  if (ret && mustSucceed && group.blocking_domain && group.blocking_domain !== to)
    yield* attachToDomain(group.blocking_domain, dev, old)
  return ret
}

/** The first attach of a device that joins its group. */
export const joinDomain = (group: iommu_group, dev: device, domain: iommu_domain): Sim<number> =>
  setDeviceDomain(group, dev, domain, null, false)

/**
 * `__iommu_group_set_domain_internal`, mutex held: all devices or none; when it must not fail,
 * those that refuse are left behind a blocking domain, if there is one (IOMMU-06, 07).
 */
export function* setGroupDomain(
  group: iommu_group,
  to: iommu_domain | null,
  mustSucceed = false,
): Sim<number> {
  const old = group.domain
  if (old === to) return 0
  if (!to) {
    warnIn('no-domain', '__iommu_group_set_domain_internal', 'IOMMU-06')
    return -EINVAL
  }
  if (!mustSucceed && group.$devices.some((member) => member.resets > 0)) return -EBUSY
  let result = 0
  for (const [at, member] of group.$devices.entries()) {
    if (member.resets > 0) continue
    yield point(setGroupDomain, member.dev)
    const ret = yield* setDeviceDomain(group, member.dev, to, old, mustSucceed)
    if (!ret) continue
    if (!mustSucceed) {
      if (old) yield* revert(group, at, old, to)
      return ret
    }
    result = ret
  }
  group.domain = to
  return result
}

function* revert(group: iommu_group, count: number, old: iommu_domain, to: iommu_domain): Sim {
  for (const member of group.$devices.slice(0, count))
    if (yield* setDeviceDomain(group, member.dev, old, to, true))
      warnIn('revert', '__iommu_group_set_domain_internal', 'IOMMU-06')
}

/** Cannot be refused: a refusal leaves a warning. */
export function* setGroupDomainNofail(group: iommu_group, to: iommu_domain | null): Sim {
  if (yield* setGroupDomain(group, to, true))
    warnIn('attach-failed', '__iommu_group_set_domain_nofail', 'IOMMU-07')
}

/** Back to what the core wants: everything blocked for an owner, else the default domain. */
export const setCoreDomain = (group: iommu_group): Sim =>
  setGroupDomainNofail(group, group.owner ? group.blocking_domain : group.default_domain)

/** Mutex held. */
function* attachHeld(domain: iommu_domain, group: iommu_group): Sim<number> {
  const { domain: current } = group
  if (current && current !== group.default_domain && current !== group.blocking_domain)
    return -EBUSY
  const first = group.$devices[0]?.dev
  const ops = first ? opsOf(first) : null
  if (!ops || !compatible(first!, domain)) return -EINVAL
  return yield* setGroupDomain(group, domain)
}

/** A domain is of use only to devices of the driver that made it. */
export const compatible = (dev: device, domain: iommu_domain): boolean => {
  const ops = opsOf(dev)
  if (domain.owner === ops) return true
  return domain === ops?.blocked_domain || domain === ops?.identity_domain
}

/** IOMMU-06. May sleep. */
export function* attachDevice(domain: iommu_domain, dev: device): Sim<number> {
  const group = dev.iommu_group
  if (!group) return -ENODEV
  return yield* withGroup(group, function* () {
    return group.$devices.length === 1 ? yield* attachHeld(domain, group) : -EINVAL
  })
}

/** IOMMU-07: never leaves a device without a domain. */
export function* detachDevice(domain: iommu_domain, dev: device): Sim {
  const group = dev.iommu_group
  if (!group) return
  yield* withGroup(group, function* () {
    if (domain !== group.domain || group.$devices.length !== 1)
      warnIn('detach', 'iommu_detach_device', 'IOMMU-07')
    else yield* setCoreDomain(group)
  })
}

export const attachGroup = (domain: iommu_domain, group: iommu_group): Sim<number> =>
  withGroup(group, () => attachHeld(domain, group))

/** Asks nothing, unlike the form for one device. */
export const detachGroup = (_domain: iommu_domain, group: iommu_group): Sim =>
  withGroup(group, () => setCoreDomain(group))

/** What a device sees; null without an IOMMU. */
export const domainFor = (dev: device): iommu_domain | null => dev.iommu_group?.domain ?? null

/** Slot of the handle that belongs to the whole group, not to a PASID. */
export const NO_PASID = 0

/** Attaches and remembers who did: faults find the handle. */
export const attachGroupHandle = (
  domain: iommu_domain,
  group: iommu_group,
  handle: iommu_attach_handle,
): Sim<number> =>
  withGroup(group, function* () {
    if (group.$pasids.has(NO_PASID)) return -EBUSY
    const entry = { domain: null as iommu_domain | null, handle: null as iommu_attach_handle | null }
    group.$pasids.set(NO_PASID, entry)
    const ret = yield* attachHeld(domain, group)
    if (ret) {
      group.$pasids.delete(NO_PASID)
      return ret
    }
    handle.domain = domain
    entry.domain = domain
    entry.handle = handle
    return 0
  })

export const detachGroupHandle = (_domain: iommu_domain, group: iommu_group): Sim =>
  withGroup(group, function* () {
    yield* setCoreDomain(group)
    group.$pasids.delete(NO_PASID)
  })

/** IOMMU-08: from the old domain to the new one without a gap; refused, the old one stays. */
export const replaceGroupHandle = (
  group: iommu_group,
  domain: iommu_domain,
  handle: iommu_attach_handle,
): Sim<number> =>
  withGroup(group, function* () {
    const before = group.$pasids.get(NO_PASID)
    const ret = yield* setGroupDomain(group, domain)
    if (ret) return ret
    handle.domain = domain
    group.$pasids.set(NO_PASID, { domain, handle })
    if (before?.handle) before.handle.domain = null
    return 0
  })
