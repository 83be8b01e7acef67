import { KernelObject } from '../../engine/object'
import { iommu_attach_handle, type iommu_group } from '../iommu/group'
import { defineMutex } from '../locking/mutex'
import type { iommufd_device } from './device'
import type { Hwpt } from './hwpt'

/** What faults of a device lead back to. */
export class AttachHandle extends iommu_attach_handle {
  readonly idev: iommufd_device

  constructor(idev: iommufd_device) {
    super()
    this.idev = idev
  }
}

/** What is attached for one PASID (0: for the devices themselves), and by which devices. */
export interface Attachment {
  hwpt: Hwpt | null
  readonly devices: Set<iommufd_device>
  readonly handles: Map<iommufd_device, AttachHandle>
}

/** What a context keeps for the devices of a group, which always see the same. */
export class IommufdGroup extends KernelObject {
  readonly group: iommu_group
  readonly lock = defineMutex('&igroup->lock')
  readonly attachments = new Map<number, Attachment>()
  users = 1

  constructor(group: iommu_group) {
    super()
    this.group = group
  }

  hwptOf(pasid: number): Hwpt | null {
    return this.attachments.get(pasid)?.hwpt ?? null
  }
}
