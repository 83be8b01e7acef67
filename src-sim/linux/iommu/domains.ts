import { kernelFrame } from '../../kernel/api'
import type { device } from '../../kernel/base/device'
import * as attach from '../../kernel/iommu/attach'
import { allocPaging, freeDomain } from '../../kernel/iommu/default-domain'
import { IOMMU_DOMAIN_UNMANAGED, type iommu_domain, type iommu_fault_handler_t } from '../../kernel/iommu/domain'
import type { iommu_attach_handle, iommu_group } from '../../kernel/iommu/group'
import { reportFault, setFaultHandler } from '../../kernel/iommu/fault-handler'
import { iommuCall, whenReady } from './ready'

/** Domains: what devices see. */

/**
 * An empty address space for a device, to be filled with `iommu_map`. An error pointer: -ENODEV
 * without an IOMMU, -EOPNOTSUPP, -ENOMEM. May sleep. Pair: `iommu_domain_free` (IOMMU-05).
 */
export const iommu_paging_domain_alloc = iommuCall('iommu_paging_domain_alloc', (dev: device) =>
  allocPaging(dev, IOMMU_DOMAIN_UNMANAGED),
)
/** The same with wishes (IOMMU_HWPT_ALLOC_*); -EOPNOTSUPP when the driver cannot. */
export const iommu_paging_domain_alloc_flags = iommuCall(
  'iommu_paging_domain_alloc_flags',
  (dev: device, flags: number) => allocPaging(dev, IOMMU_DOMAIN_UNMANAGED, flags),
)
/**
 * Frees a domain. Nobody looks whether a device is attached: the hardware would walk freed tables
 * (IOMMU-13). May sleep.
 */
export const iommu_domain_free = kernelFrame('iommu_domain_free', freeDomain)

/**
 * Shows a domain to the only device of its group. 0; -ENODEV without a group; -EINVAL when the
 * group has more members or the domain is of another IOMMU; -EBUSY when somebody has attached one,
 * or a reset is under way (IOMMU-06). May sleep. Pair: `iommu_detach_device`.
 */
export const iommu_attach_device = iommuCall(
  'iommu_attach_device',
  (domain: iommu_domain, dev: device) => attach.attachDevice(domain, dev),
)
/** Back to the default domain, or to nothing for an owner; never to no translation (IOMMU-07). */
export const iommu_detach_device = iommuCall(
  'iommu_detach_device',
  (domain: iommu_domain, dev: device) => attach.detachDevice(domain, dev),
)
/** The same for all devices of a group. */
export const iommu_attach_group = kernelFrame(
  'iommu_attach_group',
  (domain: iommu_domain, group: iommu_group) => attach.attachGroup(domain, group),
)
export const iommu_detach_group = kernelFrame(
  'iommu_detach_group',
  (domain: iommu_domain, group: iommu_group) => attach.detachGroup(domain, group),
)
/** With a handle, which page requests without a PASID find. -EBUSY when there is one (IOMMU-08). */
export const iommu_attach_group_handle = kernelFrame(
  'iommu_attach_group_handle',
  (domain: iommu_domain, group: iommu_group, handle: iommu_attach_handle) =>
    attach.attachGroupHandle(domain, group, handle),
)
export const iommu_detach_group_handle = kernelFrame(
  'iommu_detach_group_handle',
  (domain: iommu_domain, group: iommu_group) => attach.detachGroupHandle(domain, group),
)
/** From one domain to the next without a gap; the old one stays when that fails (IOMMU-08). */
export const iommu_replace_group_handle = kernelFrame(
  'iommu_replace_group_handle',
  (group: iommu_group, domain: iommu_domain, handle: iommu_attach_handle) =>
    attach.replaceGroupHandle(group, domain, handle),
)
/** What a device is attached to; null without an IOMMU. */
export const iommu_get_domain_for_dev = whenReady(attach.domainFor)
/** The domain that the DMA API uses. */
export const iommu_get_dma_domain = whenReady(
  (dev: device): iommu_domain => dev.iommu_group!.default_domain!,
)

/** Who is asked about faults of a domain of one's own; ignored for others (IOMMU-29). */
export function iommu_set_fault_handler(
  domain: iommu_domain,
  handler: iommu_fault_handler_t,
  token: unknown,
): void {
  setFaultHandler(domain, handler, token)
}
/** For drivers of IOMMUs: asks the handler of the domain. Its answer, or -ENOSYS without one. */
export const report_iommu_fault = kernelFrame(
  'report_iommu_fault',
  (domain: iommu_domain, dev: device, iova: number, flags: number) =>
    reportFault(domain, dev, iova, flags),
)
