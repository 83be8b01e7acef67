import { KernelObject } from '../../engine/object'
import type { iommu_domain } from './domain'

/** Ranges that were unmapped and that the TLB may still know: invalidated together. */
export class iommu_iotlb_gather extends KernelObject {
  start = Infinity
  /** The last byte. */
  end = 0
  pgsize = 0
  /** The flush comes later, from the flush queue: no single invalidations now. */
  queued = false
  /** @internal Table pages that must not be freed before the flush (IOMMU-22). */
  readonly $freed: object[] = []
}

export function initGather(gather: iommu_iotlb_gather): iommu_iotlb_gather {
  gather.start = Infinity
  gather.end = 0
  gather.pgsize = 0
  gather.queued = false
  gather.$freed.length = 0
  return gather
}

export function addRange(gather: iommu_iotlb_gather, iova: number, size: number): void {
  gather.start = Math.min(gather.start, iova)
  gather.end = Math.max(gather.end, iova + size - 1)
}

/** Another page size, or a gap: what was gathered so far has to go first. */
export function addPage(
  domain: iommu_domain,
  gather: iommu_iotlb_gather,
  iova: number,
  size: number,
  sync: (domain: iommu_domain, gather: iommu_iotlb_gather) => void,
): void {
  const disjoint = gather.end !== 0 && (iova > gather.end + 1 || iova + size < gather.start)
  if ((gather.pgsize && gather.pgsize !== size) || disjoint) sync(domain, gather)
  gather.pgsize = size
  addRange(gather, iova, size)
}
