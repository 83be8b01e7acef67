import { kernelCall, kernelFrame } from '../../kernel/api'
import type { device } from '../../kernel/base/device'
import type { iommu_domain } from '../../kernel/iommu/domain'
import type { iommu_attach_handle } from '../../kernel/iommu/group'
import * as queue from '../../kernel/iommu/iopf-queue'
import * as report from '../../kernel/iommu/iopf-report'
import * as pasid from '../../kernel/iommu/pasid'
import * as sva from '../../kernel/iommu/sva'
import type { mm_struct } from '../../kernel/mm/mm-struct'
import { iommuCall, whenReady } from './ready'

/** PASIDs, shared virtual addresses and page requests. */

export {
  IOMMU_FIRST_GLOBAL_PASID,
  IOMMU_NO_PASID,
  IOMMU_PASID_INVALID,
} from '../../kernel/iommu/pasid'
export { iommu_sva } from '../../kernel/iommu/sva'
export * from '../../kernel/iommu/iopf'

/** A number that no device uses and this one can; IOMMU_PASID_INVALID when there is none (SVA-01). */
export const iommu_alloc_global_pasid = whenReady(pasid.allocGlobalPasid)
export const iommu_free_global_pasid = kernelCall('iommu_free_global_pasid', pasid.freeGlobalPasid)

/**
 * Shows a domain to the transactions of a group that carry a PASID; page requests find `handle`.
 * 0; -ENODEV, -EOPNOTSUPP, -EINVAL, -EBUSY in this order (SVA-05). May sleep. Pair:
 * `iommu_detach_device_pasid`.
 */
export const iommu_attach_device_pasid = iommuCall(
  'iommu_attach_device_pasid',
  (domain: iommu_domain, dev: device, id: number, handle: iommu_attach_handle | null = null) =>
    pasid.attachPasid(domain, dev, id, handle),
)
/** Blocks it. For a device that still has its group only (DMA-61). */
export const iommu_detach_device_pasid = kernelFrame('iommu_detach_device_pasid', pasid.detachPasid)
/** From one domain to the next without a gap (IOMMU-08). */
export const iommu_replace_device_pasid = iommuCall(
  'iommu_replace_device_pasid',
  (domain: iommu_domain, dev: device, id: number, handle: iommu_attach_handle | null) =>
    pasid.replacePasid(domain, dev, id, handle),
)
/** Who has attached there: an error pointer when nobody, or another type of domain. */
export const iommu_attach_handle_get = kernelCall('iommu_attach_handle_get', pasid.attachHandle)

/**
 * Lets a device use the addresses of a process, whose address space has a user while this runs.
 * The bond, or an error pointer (SVA-03). It keeps the structure, not the mappings: they go when
 * the process does, whatever the device is doing (SVA-04, SVA-08). May sleep. Pair:
 * `iommu_sva_unbind_device`.
 */
export const iommu_sva_bind_device = iommuCall(
  'iommu_sva_bind_device',
  (dev: device, mm: mm_struct) => sva.bindDevice(dev, mm),
)
/** The device must have stopped using the PASID: late accesses go wrong or wrong places (SVA-06). */
export const iommu_sva_unbind_device = kernelFrame('iommu_sva_unbind_device', sva.unbindDevice)
/** What the device marks its transactions with. */
export const iommu_sva_get_pasid = kernelCall('iommu_sva_get_pasid', sva.pasidOf)

/** A queue for page requests; null without memory. Pair: `iopf_queue_free`. */
export const iopf_queue_alloc = kernelCall('iopf_queue_alloc', queue.allocQueue)
export const iopf_queue_free = kernelFrame('iopf_queue_free', queue.freeQueue)
/** 0, -ENODEV when its IOMMU cannot answer, -EBUSY when it is in one (SVA-14). */
export const iopf_queue_add_device = whenReady(queue.addToQueue)
/** Answers and frees what waits: flush before (SVA-14). */
export const iopf_queue_remove_device = kernelFrame('iopf_queue_remove_device', queue.removeFromQueue)
/** Waits for the handlers of requests that have come. 0 or -ENODEV. May sleep. */
export const iopf_queue_flush_dev = kernelFrame('iopf_queue_flush_dev', queue.flushDevice)
/** Forgets incomplete groups: the hardware has lost requests. 0 or -EINVAL. */
export const iopf_queue_discard_partial = kernelCall('iopf_queue_discard_partial', queue.discardPartial)
/** For drivers of IOMMUs: a device asks for a page. 0 or -errno (SVA-11, SVA-13). May sleep. */
export const iommu_report_device_fault = iommuCall('iommu_report_device_fault', report.reportDeviceFault)
/** The answer to a group; once for each (SVA-11). */
export const iopf_group_response = kernelFrame('iopf_group_response', report.respondGroup)
export const iopf_free_group = kernelCall('iopf_free_group', report.freeGroup)
