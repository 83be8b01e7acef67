import { machine } from '../../engine/current'
import { call, type Sim } from '../../engine/suspend'
import * as ev from '../../trace/events'
import { emit } from '../emit'
import { EINVAL } from '../errno'
import { kernelLog } from '../printk/log'
import {
  IOMMU_DOMAIN_IDENTITY,
  IOMMU_READ,
  IOMMU_WRITE,
  type iommu_domain,
} from './domain'
import { isPaging } from './domain-types'
import { iommuDebug } from './debug-pagealloc'
import { initGather, iommu_iotlb_gather } from './gather'
import { lowestBit, pageFor } from './page-sizes'
import { warnOnce } from './warn-once'

/** Changing what a domain translates (IOMMU-16, 17). Whoever maps keeps ranges apart. */

const hex = (n: number): string => n.toString(16)

function* mapPages(
  domain: iommu_domain, iova: number, paddr: number, size: number, prot: number, gfp: number,
): Sim<number> {
  const { ops } = domain
  if (ops?.$map) return ops.$map(domain, iova, paddr, size, prot)
  const map = ops?.map_pages
  const min = lowestBit(domain.pgsize_bitmap)
  if (!map || domain.pgsize_bitmap === 0) {
    warnOnce('no-map', 'drivers/iommu/iommu.c at iommu_map_nosync', 'IOMMU-16')
    return -EINVAL
  }
  if (iova % min || paddr % min || size % min) {
    const pa = `0x${hex(paddr).padStart(16, '0')}`
    kernelLog(machine()).print(
      3,
      `iommu: unaligned: iova 0x${hex(iova)} pa ${pa} size 0x${hex(size)} min_pagesz 0x${hex(min)}\n`,
    )
    return -EINVAL
  }
  for (let done = 0; done < size; ) {
    const { pgsize, count } = pageFor(domain.pgsize_bitmap, iova + done, paddr + done, size - done)
    const mapped = { value: 0 }
    const [at, to] = [iova + done, paddr + done]
    const ret = yield* call(() => map(domain, at, to, pgsize, count, prot, gfp, mapped))
    done += mapped.value
    if (ret) {
      yield* unmapRange(domain, iova, done)
      return ret
    }
  }
  return 0
}

/** Without telling the hardware: see `syncMap`. 0 or -errno, nothing being mapped then. */
export function* mapRangeNosync(
  domain: iommu_domain, iova: number, paddr: number, size: number, prot: number, gfp = 0,
): Sim<number> {
  if (!isPaging(domain)) {
    warnOnce('map-not-paging', 'drivers/iommu/iommu.c at iommu_map_nosync', 'IOMMU-05')
    return -EINVAL
  }
  if (size === 0 && domain.ops?.$map) return -EINVAL
  if (!(prot & (IOMMU_READ | IOMMU_WRITE)) && domain.ops?.$map) {
    warnOnce('no-permission', 'drivers/iommu/generic_pt/iommu_pt.h at map_pages', 'IOMMU-16')
    return -EINVAL
  }
  const ret = yield* mapPages(domain, iova, paddr, size, prot, gfp)
  if (ret) return ret
  emit(ev.iommu_map, domain, iova, paddr, size, prot)
  iommuDebug(machine()).mapped(paddr, size)
  return 0
}

/** Some hardware remembers that nothing was there: it is told of new mappings. */
export function* syncMap(domain: iommu_domain, iova: number, size: number): Sim<number> {
  const sync = domain.ops?.iotlb_sync_map
  return sync ? yield* call(() => sync(domain, iova, size)) : 0
}

export function* mapRange(
  domain: iommu_domain, iova: number, paddr: number, size: number, prot: number, gfp = 0,
): Sim<number> {
  const ret = yield* mapRangeNosync(domain, iova, paddr, size, prot, gfp)
  if (ret) return ret
  const synced = yield* syncMap(domain, iova, size)
  if (synced) yield* unmapRange(domain, iova, size)
  return synced
}

/** Takes entries out; the TLB may still know them until the gather is synced. Bytes unmapped. */
export function* unmapFast(
  domain: iommu_domain, iova: number, size: number, gather: iommu_iotlb_gather,
): Sim<number> {
  if (!isPaging(domain)) {
    warnOnce('unmap-not-paging', 'drivers/iommu/iommu.c at __iommu_unmap', 'IOMMU-05')
    return 0
  }
  const { ops } = domain
  const debug = iommuDebug(machine())
  if (debug.on) debug.unmapped(domain, iova, size)
  const done = ops?.$unmap ? ops.$unmap(domain, iova, size, gather) : yield* unmapPages(domain, iova, size, gather)
  emit(ev.iommu_unmap, domain, iova, size, done)
  return done
}

function* unmapPages(
  domain: iommu_domain, iova: number, size: number, gather: iommu_iotlb_gather,
): Sim<number> {
  const unmap = domain.ops?.unmap_pages
  if (!unmap || domain.pgsize_bitmap === 0) {
    warnOnce('no-unmap', 'drivers/iommu/iommu.c at __iommu_unmap', 'IOMMU-17')
    return 0
  }
  const min = lowestBit(domain.pgsize_bitmap)
  if (iova % min || size % min) {
    kernelLog(machine()).print(
      3, `iommu: unaligned: iova 0x${hex(iova)} size 0x${hex(size)} min_pagesz 0x${hex(min)}\n`,
    )
    return 0
  }
  let done = 0
  while (done < size) {
    const { pgsize, count } = pageFor(domain.pgsize_bitmap, iova + done, iova + done, size - done)
    const at = iova + done
    const part = yield* call(() => unmap(domain, at, pgsize, count, gather))
    if (!part) break
    done += part
  }
  return done
}

export function* iotlbSync(domain: iommu_domain, gather: iommu_iotlb_gather): Sim {
  const sync = domain.ops?.iotlb_sync
  if (sync) yield* call(() => sync(domain, gather))
  if (gather.end !== 0) emit(ev.iotlb_flush, domain, gather.start, gather.end + 1 - gather.start, false)
  initGather(gather)
}

export function* flushAll(domain: iommu_domain): Sim {
  const flush = domain.ops?.flush_iotlb_all
  if (flush) yield* call(() => flush(domain))
  emit(ev.iotlb_flush, domain, 0, 0, false)
}

/** `iommu_unmap`: when it returns, no device reaches what was there. Bytes unmapped. */
export function* unmapRange(domain: iommu_domain, iova: number, size: number): Sim<number> {
  const gather = new iommu_iotlb_gather()
  const done = yield* unmapFast(domain, iova, size, gather)
  yield* iotlbSync(domain, gather)
  return done
}

/** Where an address leads to; 0 when nowhere. */
export function iovaToPhys(domain: iommu_domain, iova: number): number {
  if (domain.type === IOMMU_DOMAIN_IDENTITY) return iova
  if (!isPaging(domain)) return 0
  const find = domain.ops?.iova_to_phys
  return find ? machine().runtime.atomic<number>(find(domain, iova)) : 0
}
