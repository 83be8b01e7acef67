import { kernelCall, kernelFrame, quiet } from '../../kernel/api'
import type { iommu_domain } from '../../kernel/iommu/domain'
import {
  addRange, initGather, needsSync, type iommu_iotlb_gather,
} from '../../kernel/iommu/gather'
import * as map from '../../kernel/iommu/map'
import { firstOf, nextOf, type SgList } from '../../kernel/dma/sg'
import type { Sim } from '../../engine/suspend'
import type { gfp_t } from '../types'

/** What a domain translates. */

export { iommu_iotlb_gather } from '../../kernel/iommu/gather'

/**
 * Makes physical memory visible at `iova`. 0; -EINVAL or -ENXIO when something is not a multiple of
 * the smallest page; -EADDRINUSE or -EEXIST when something is there already; -ERANGE outside. With
 * GFP_ATOMIC any context. Pair: `iommu_unmap` (IOMMU-16).
 */
export const iommu_map = kernelFrame(
  'iommu_map',
  (domain: iommu_domain, iova: number, paddr: number, size: number, prot: number, gfp: gfp_t) =>
    map.mapRange(domain, iova, paddr, size, prot, gfp),
)
/** Without telling hardware that remembers misses: `iommu_sync_map` does that for many at once. */
export const iommu_map_nosync = kernelFrame(
  'iommu_map_nosync',
  (domain: iommu_domain, iova: number, paddr: number, size: number, prot: number, gfp: gfp_t) =>
    map.mapRangeNosync(domain, iova, paddr, size, prot, gfp),
)
export const iommu_sync_map = kernelFrame(
  'iommu_sync_map',
  (domain: iommu_domain, iova: number, size: number) => map.syncMap(domain, iova, size),
)
/**
 * Takes a range out; no device reaches it when this returns. Bytes that were unmapped: less at a
 * hole, more when the range ends inside a large page (IOMMU-17). Any context.
 */
export const iommu_unmap = kernelFrame(
  'iommu_unmap',
  (domain: iommu_domain, iova: number, size: number) => map.unmapRange(domain, iova, size),
)
/** The same without invalidating: devices go on until `iommu_iotlb_sync`. */
export const iommu_unmap_fast = kernelFrame(
  'iommu_unmap_fast',
  (domain: iommu_domain, iova: number, size: number, gather: iommu_iotlb_gather) =>
    map.unmapFast(domain, iova, size, gather),
)
/** Maps a scatter list in a row. Bytes that were mapped, or -errno and nothing. */
export const iommu_map_sg = kernelFrame(
  'iommu_map_sg',
  function* (
    domain: iommu_domain, iova: number, sg: SgList, nents: number, prot: number, gfp: gfp_t,
  ): Sim<number> {
    let done = 0
    let entry = firstOf(sg)
    for (let i = 0; entry && i < nents; i++, entry = nextOf(entry)) {
      const phys = entry.$phys ?? 0
      const ret = yield* map.mapRangeNosync(domain, iova + done, phys, entry.length, prot, gfp)
      if (ret) {
        yield* map.unmapRange(domain, iova, done)
        return ret
      }
      done += entry.length
    }
    const ret = yield* map.syncMap(domain, iova, done)
    if (ret) yield* map.unmapRange(domain, iova, done)
    return ret || done
  },
)
/** Where an address leads to; 0 when nowhere. */
export const iommu_iova_to_phys = kernelCall('iommu_iova_to_phys', map.iovaToPhys)

export const iommu_iotlb_gather_init = quiet((gather: iommu_iotlb_gather): void => {
  initGather(gather)
})
export const iommu_iotlb_gather_add_range = quiet(
  (gather: iommu_iotlb_gather, iova: number, size: number): void => addRange(gather, iova, size),
)
/** For drivers of IOMMUs: syncs first when the page does not go with what was gathered. */
export const iommu_iotlb_gather_add_page = kernelFrame(
  'iommu_iotlb_gather_add_page',
  function* (
    domain: iommu_domain, gather: iommu_iotlb_gather, iova: number, size: number,
  ): Sim {
    if (needsSync(gather, iova, size)) yield* map.iotlbSync(domain, gather)
    addRange(gather, iova, size)
    gather.pgsize = size
  },
)
export const iommu_iotlb_gather_queued = quiet(
  (gather: iommu_iotlb_gather | null): boolean => gather !== null && gather.queued,
)
/** Invalidates what was gathered, and waits for it. */
export const iommu_iotlb_sync = kernelFrame('iommu_iotlb_sync', map.iotlbSync)
/** Invalidates everything of a domain. */
export const iommu_flush_iotlb_all = kernelFrame('iommu_flush_iotlb_all', map.flushAll)
