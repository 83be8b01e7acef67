import { machine } from '../../engine/current'
import { call, type Sim } from '../../engine/suspend'
import { kernelCall, kernelFrame, quiet } from '../../kernel/api'
import type { device } from '../../kernel/base/device'
import { sysfs } from '../../kernel/base/sysfs'
import type { iommu_domain } from '../../kernel/iommu/domain'
import { withGroup, type iommu_group } from '../../kernel/iommu/group'
import { nameGroup } from '../../kernel/iommu/group-files'
import * as groups from '../../kernel/iommu/groups'
import * as owner from '../../kernel/iommu/owner'
import { genericDeviceGroup, pciDeviceGroup } from '../../kernel/iommu/pci-group'
import { groupRegions } from '../../kernel/iommu/resv'
import type { iommu_resv_region } from '../../kernel/iommu/ops'
import { iommuCall, whenReady } from './ready'

/** Groups: devices that can only be isolated together. */

/** A new empty group with one reference. Pair: `iommu_group_put`. */
export const iommu_group_alloc = whenReady((): iommu_group => groups.newGroup(null))
/** The group of a device, with a reference; null without an IOMMU. Pair: `iommu_group_put`. */
export const iommu_group_get = whenReady((dev: device): iommu_group | null =>
  dev.iommu_group ? groups.getGroup(dev.iommu_group) : null,
)
export const iommu_group_ref_get = quiet(groups.getGroup)
/** Gives a reference back; the last one takes the group with it. May sleep. */
export const iommu_group_put = kernelFrame('iommu_group_put', groups.putGroup)
export const iommu_group_id = quiet((group: iommu_group): number => group.id)

export function iommu_group_set_name(group: iommu_group, name: string): number {
  nameGroup(sysfs(machine()), group, name)
  return 0
}
export const iommu_group_get_iommudata = quiet((group: iommu_group): any => group.iommu_data)
/** `release` is called with the data when the group goes. */
export function iommu_group_set_iommudata(
  group: iommu_group,
  iommu_data: unknown,
  release: ((data: any) => void) | null,
): void {
  group.iommu_data = iommu_data
  group.iommu_data_release = release
}
/** Makes a device without an IOMMU a member, for isolation by other means. 0. May sleep. */
export const iommu_group_add_device = iommuCall(
  'iommu_group_add_device',
  function* (group: iommu_group, dev: device): Sim<number> {
    dev.iommu_group = groups.getGroup(group)
    return yield* withGroup(group, function* () {
      groups.addMember(group, dev)
      return 0
    })
  },
)
export const iommu_group_remove_device = kernelFrame(
  'iommu_group_remove_device',
  function* (dev: device): Sim {
    const group = dev.iommu_group
    if (!group) return
    yield* withGroup(group, function* () {
      groups.dropMember(group, dev)
      dev.iommu_group = null
    })
    yield* groups.putGroup(group)
  },
)
/** Calls `fn` for each member until one answers something other than 0; that answer. */
export const iommu_group_for_each_dev = kernelFrame(
  'iommu_group_for_each_dev',
  (group: iommu_group, data: unknown, fn: (dev: device, data: any) => number) =>
    withGroup(group, function* () {
      for (const { dev } of [...group.$devices]) {
        const ret = yield* call(() => fn(dev, data))
        if (ret) return ret
      }
      return 0
    }),
)
export const iommu_group_default_domain = quiet(
  (group: iommu_group): iommu_domain | null => group.default_domain,
)
/** Appends the reserved regions of all members to `head`. 0. May sleep (IOMMU-10). */
export const iommu_get_group_resv_regions = kernelFrame(
  'iommu_get_group_resv_regions',
  function* (group: iommu_group, head: iommu_resv_region[]): Sim<number> {
    head.push(...(yield* groupRegions(group)))
    return 0
  },
)

/**
 * Takes a group away from the DMA API: no driver that uses it can bind any more, and its devices
 * see nothing until a domain is attached. 0, -EPERM when it has an owner or such drivers, -EBUSY
 * (IOMMU-09). May sleep. Pair: `iommu_group_release_dma_owner`.
 */
export const iommu_group_claim_dma_owner = kernelFrame('iommu_group_claim_dma_owner', owner.claimGroup)
export const iommu_group_release_dma_owner = kernelFrame('iommu_group_release_dma_owner', owner.releaseGroup)
export const iommu_group_dma_owner_claimed = kernelCall('iommu_group_dma_owner_claimed', owner.claimed)
/** The same by one of the devices; the same owner can come again. -ENODEV without a group. */
export const iommu_device_claim_dma_owner = iommuCall('iommu_device_claim_dma_owner', owner.claimDevice)
export const iommu_device_release_dma_owner = kernelFrame('iommu_device_release_dma_owner', owner.releaseDevice)
/** For buses: before and after a driver that uses the DMA API (DMA-55, DMA-56). */
export const iommu_device_use_default_domain = iommuCall('iommu_device_use_default_domain', owner.useDefaultDomain)
export const iommu_device_unuse_default_domain = iommuCall('iommu_device_unuse_default_domain', owner.unuseDefaultDomain)

/** For drivers of IOMMUs: a group for each device; for PCI, by what can reach what (IOMMU-03). */
export const generic_device_group = whenReady(genericDeviceGroup)
export const pci_device_group = whenReady(pciDeviceGroup)
