import type { Sim } from '../../engine/suspend'
import type { device } from '../base/device'
import { removeDirectory, type Sysfs } from '../base/sysfs'
import type { iommu_group } from './group'
import { regionsText } from './resv'
import { storeType } from './type-file'
import { domainTypeName } from './domain-types'

/** /sys/kernel/iommu_groups and the links to it. */

const ROOT = '/kernel/iommu_groups'

export function makeGroupFiles(tree: Sysfs, group: iommu_group): void {
  const root = tree.ensureDirectory(ROOT)
  const directory = tree.createDirectory(root, `${group.id}`, group)
  if (!directory) return
  group.$directory = directory
  tree.createDirectory(directory, 'devices', null)
  tree.createFile(directory, 'reserved_regions', {
    *show() {
      return yield* regionsText(group)
    },
  })
  tree.createFile(directory, 'type', {
    *show() {
      return `${group.default_domain ? domainTypeName(group.default_domain.type) : 'unknown'}\n`
    },
    store: (text) => storeType(group, text),
  })
}

/** The name appears with the first one who gives it. */
export function nameGroup(tree: Sysfs, group: iommu_group, name: string): void {
  const first = group.name === null
  group.name = name
  if (!first || !group.$directory) return
  tree.createFile(group.$directory, 'name', {
    *show() {
      return `${group.name}\n`
    },
  })
}

export function* removeGroupFiles(group: iommu_group): Sim {
  if (group.$directory) yield* removeDirectory(group.$directory)
  group.$directory = null
}

function devicesOf(group: iommu_group) {
  const node = group.$directory?.made.get('devices')
  return node?.kind === 'directory' ? node : null
}

export function linkMember(tree: Sysfs, group: iommu_group, dev: device): void {
  const own = dev.kobj.$directory
  const devices = devicesOf(group)
  if (!own || !group.$directory) return
  tree.createLink(own, 'iommu_group', group.$directory)
  if (devices) tree.createLink(devices, dev.$label, own)
}

export function unlinkMember(group: iommu_group, dev: device): void {
  const devices = devicesOf(group)
  devices?.made.delete(dev.$label)
  dev.kobj.$directory?.made.delete('iommu_group')
}
