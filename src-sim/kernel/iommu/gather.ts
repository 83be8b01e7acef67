import { KernelObject } from '../../engine/object'

/** Ranges that were unmapped and that the TLB may still know: invalidated together. */
export class iommu_iotlb_gather extends KernelObject {
  start = Infinity
  /** The last byte. */
  end = 0
  pgsize = 0
  /** The flush comes later, from the flush queue: no single invalidations now. */
  queued = false
}

export function initGather(gather: iommu_iotlb_gather): iommu_iotlb_gather {
  gather.start = Infinity
  gather.end = 0
  gather.pgsize = 0
  gather.queued = false
  return gather
}

export function addRange(gather: iommu_iotlb_gather, iova: number, size: number): void {
  gather.start = Math.min(gather.start, iova)
  gather.end = Math.max(gather.end, iova + size - 1)
}

/** Whether a page is of another size or lies apart: what was gathered has to go first. */
export function needsSync(gather: iommu_iotlb_gather, iova: number, size: number): boolean {
  const disjoint = gather.end !== 0 && (iova > gather.end + 1 || iova + size < gather.start)
  return (gather.pgsize !== 0 && gather.pgsize !== size) || disjoint
}
