import type { Sim } from '../../engine/suspend'
import type { device } from '../base/device'
import { EBUSY, EINVAL, ENODEV, EPERM, EPROBE_DEFER } from '../errno'
import { setGroupDomain, setGroupDomainNofail, warnIn } from './attach'
import { allocBlocking } from './default-domain'
import { withGroup, type iommu_group } from './group'

/** Who may say what the devices of a group see: the DMA API, or one owner (IOMMU-09, DMA-55). */

/** Before `probe`: the driver will use the DMA API. */
export function* useDefaultDomain(dev: device): Sim<number> {
  const group = dev.iommu_group
  if (!group) return 0
  return yield* withGroup(group, function* () {
    if (!group.default_domain) return -EPROBE_DEFER
    const foreign = group.domain !== group.default_domain || group.owner || group.$pasids.size > 0
    if (group.owner_cnt > 0 && foreign) return -EBUSY
    group.owner_cnt++
    return 0
  })
}

/** After `remove`, and before managed resources are released (DMA-56). */
export function* unuseDefaultDomain(dev: device): Sim {
  const group = dev.iommu_group
  if (!group) return
  yield* withGroup(group, function* () {
    if (group.owner_cnt === 0 || group.$pasids.size > 0)
      warnIn('unuse', 'iommu_device_unuse_default_domain', 'DMA-56')
    else group.owner_cnt--
  })
}

/** Mutex held. */
function* take(group: iommu_group, owner: object): Sim<number> {
  const foreign = group.domain && group.domain !== group.default_domain
  if (foreign || group.$pasids.size > 0) return -EBUSY
  const error = (yield* allocBlocking(group)) || (yield* setGroupDomain(group, group.blocking_domain))
  if (error) return error
  group.owner = owner
  group.owner_cnt++
  return 0
}

function noOwner(func: string): number {
  warnIn('no-owner', func, 'IOMMU-09')
  return -EINVAL
}

export function* claimGroup(group: iommu_group, owner: object | null): Sim<number> {
  if (!owner) return noOwner('iommu_group_claim_dma_owner')
  return yield* withGroup(group, function* () {
    return group.owner_cnt > 0 ? -EPERM : yield* take(group, owner)
  })
}

export function* claimDevice(dev: device, owner: object | null): Sim<number> {
  if (!owner) return noOwner('iommu_device_claim_dma_owner')
  const group = dev.iommu_group
  if (!group) return -ENODEV
  return yield* withGroup(group, function* () {
    if (group.owner_cnt === 0) return yield* take(group, owner)
    if (group.owner !== owner) return -EPERM
    group.owner_cnt++
    return 0
  })
}

/** Mutex held. */
function* drop(group: iommu_group): Sim {
  if (group.owner_cnt === 0 || !group.owner || group.$pasids.size > 0) {
    warnIn('release-owner', '__iommu_release_dma_ownership', 'IOMMU-09')
    return
  }
  group.owner_cnt = 0
  group.owner = null
  yield* setGroupDomainNofail(group, group.default_domain)
}

export const releaseGroup = (group: iommu_group): Sim => withGroup(group, () => drop(group))

/** A device that has lost its group has no business here: it dereferences NULL (DMA-61). */
export function* releaseDevice(dev: device): Sim {
  const group = dev.iommu_group!
  yield* withGroup(group, function* () {
    if (group.owner_cnt > 1) group.owner_cnt--
    else yield* drop(group)
  })
}

export const claimed = (group: iommu_group): boolean => group.owner !== null
