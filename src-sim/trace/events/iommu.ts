import { clear, event, hold, set, unhold } from '../declare'

/** The IOMMU: include/trace/events/iommu.h, and what its TLB still holds. */

export const attach_device_to_domain = event(
  'attach_device_to_domain', 'iommu', 'A device sees memory through a domain.',
  ['device:obj', 'domain:obj'],
  [hold('device', 'domain', 'iommu attached'), set('device', 'domain', '$domain')],
)
export const detach_device_from_domain = event(
  'detach_device_from_domain', 'iommu', 'A device no longer uses a domain.',
  ['device:obj', 'domain:obj'],
  [unhold('device', 'domain', 'iommu attached'), clear('device', 'domain')],
)
export const iommu_map = event(
  'map', 'iommu', 'Pages become reachable through a domain.',
  ['domain:obj', 'iova:addr', 'paddr:addr', 'size:u32 bytes', 'prot:hex'],
)
export const iommu_unmap = event(
  'unmap', 'iommu', 'Pages are taken out of a domain.',
  ['domain:obj', 'iova:addr', 'size:u32 bytes', 'unmapped_size:u32 bytes'],
  [set('domain', 'iotlb', 'stale')],
)
export const iotlb_flush = event(
  'iotlb_flush', 'iommu', 'Stale translations are dropped.',
  ['domain:obj', 'iova:addr', 'size:u32 bytes', 'deferred:bool'], [clear('domain', 'iotlb')],
)
export const io_page_fault = event(
  'io_page_fault', 'iommu', 'A device touches an address that is not mapped for it.',
  ['device:obj', 'domain:obj', 'iova:addr', 'flags:read|write', 'reason:str'],
)
