import { machine } from '../../engine/current'
import { KernelObject } from '../../engine/object'
import type { device } from '../base/device'
import { ATTR } from '../dma/attrs'
import { syncCacheForCpu, syncCacheForDevice } from '../dma/cache'
import { DMA_MAPPING_ERROR, isCoherent, maskOf } from '../dma/dma-device'
import * as bounce from '../dma/swiotlb'
import { EIO, ENOMEM, EOPNOTSUPP, EPERM } from '../errno'
import { bounceFor, usesBounce } from './dma-iommu'
import {
  alignUp, allocIova, deferredAttach, freeIova, pathOf, protOf, warnDma, type DmaPath,
} from './dma-map'
import { iommu_iotlb_gather } from './gather'
import { noteLink, noteUnlink } from './iova-ledger'
import { iotlbSync, iovaToPhys, mapRangeNosync, syncMap, unmapFast } from './map'
import { warnOnce } from './warn-once'

/** Mapping in two steps: a range of addresses first, then memory into it piece by piece. */

/** A range that is being filled; all zero: ordinary mappings have to do. */
export class dma_iova_state extends KernelObject {
  addr = 0
  /** @internal Bytes that were asked for. */
  $size = 0
  /** @internal Some piece lies in a bounce buffer. */
  $bounced = false
}

const warnIova = (what: string, func: string): boolean =>
  warnOnce(what, `drivers/iommu/dma-iommu.c at ${func}`, 'DMA-50')

/** DMA-50. */
export function tryAlloc(dev: device, state: dma_iova_state, phys: number, size: number): boolean {
  state.addr = 0
  state.$size = 0
  state.$bounced = false
  if (!dev.dma_iommu) return false
  const path = pathOf(dev)
  const { granule } = path.iova
  if (!deferredAttach(dev, path.domain)) return false
  if (size === 0 || size >= 2 ** 63) {
    warnIova('iova-size', 'dma_iova_try_alloc')
    return false
  }
  const offset = phys % granule
  const at = allocIova(path, alignUp(size + offset, granule), maskOf(dev), dev)
  if (!at) return false
  state.addr = at + offset
  state.$size = size
  return true
}

/** The range goes back at once: nothing may be linked into it any more, but nobody looks. */
export function free(dev: device, state: dma_iova_state): void {
  const path = pathOf(dev)
  const offset = state.addr % path.iova.granule
  freeIova(path, state.addr - offset, alignUp(state.$size + offset, path.iova.granule), false)
}

/** 0 or -errno; a failed one undoes only itself (DMA-51). */
export function link(
  dev: device, state: dma_iova_state, phys: number, offset: number, size: number,
  direction: number, attrs: number,
): number {
  const path = pathOf(dev)
  const { granule } = path.iova
  const pad = phys % granule
  if (pad && offset > 0) {
    warnOnce('iova-link-offset', 'drivers/iommu/dma-iommu.c at dma_iova_link', 'DMA-51')
    return -EIO
  }
  if (attrs & ATTR.REQUIRE_COHERENT) {
    if (!isCoherent(dev)) return -EOPNOTSUPP
    if (state.$bounced) {
      warnOnce('iova-link-bounced', 'drivers/iommu/dma-iommu.c at dma_iova_link', 'DMA-51')
      return -EOPNOTSUPP
    }
  }
  const unaligned = pad !== 0 || size % granule !== 0
  const bounces = unaligned && usesBounce(dev, size, direction)
  if (bounces && attrs & (ATTR.MMIO | ATTR.REQUIRE_COHERENT)) return -EPERM
  const at = state.addr + offset
  const ret = bounces
    ? linkBounced(path, dev, state, phys, offset, size, direction, attrs)
    : linkPlain(path, dev, at - pad, phys - pad, alignUp(size + pad, granule), direction, attrs)
  if (ret === 0) noteLink(dev, at, phys, size, direction)
  return ret
}

function linkPlain(
  { domain }: DmaPath, dev: device, at: number, phys: number, size: number, direction: number,
  attrs: number,
): number {
  if (!isCoherent(dev) && !(attrs & (ATTR.SKIP_CPU_SYNC | ATTR.MMIO))) syncCacheForDevice(phys, size)
  const prot = protOf(dev, direction, attrs)
  return machine().runtime.atomic<number>(mapRangeNosync(domain, at, phys, size, prot))
}

/** Granules that are not all the buffer's are bounced: the first and the last one. */
function linkBounced(
  path: DmaPath, dev: device, state: dma_iova_state, phys: number, offset: number, size: number,
  direction: number, attrs: number,
): number {
  const { granule } = path.iova
  state.$bounced = true
  let done = 0
  while (done < size) {
    const from = phys + done
    const whole = from % granule === 0 ? Math.floor((size - done) / granule) * granule : 0
    const part = whole || Math.min(granule - (from % granule), size - done)
    const at = state.addr + offset + done
    let ret = -ENOMEM
    if (whole) ret = linkPlain(path, dev, at, from, part, direction, attrs)
    else {
      const slot = bounceFor(dev, from, part, attrs, granule)
      const start = slot - (slot % granule)
      if (slot !== DMA_MAPPING_ERROR)
        ret = linkPlain(path, dev, at - (at % granule), start, granule, direction, attrs)
    }
    if (ret) {
      if (done) unlinkRange(path, dev, state, offset, done, direction, attrs, false)
      return ret
    }
    done += part
  }
  return 0
}

/** DMA-52: hardware that remembers misses, or walks without the caches, learns of the links. */
export function sync(dev: device, state: dma_iova_state, offset: number, size: number): number {
  const { domain, iova } = pathOf(dev)
  const at = state.addr + offset
  const pad = at % iova.granule
  const synced = syncMap(domain, at - pad, alignUp(size + pad, iova.granule))
  return machine().runtime.atomic<number>(synced)
}

/** What the device has written goes from the slots to the buffer, or out of the caches. */
function copyBack(
  { domain, iova }: DmaPath, dev: device, at: number, size: number, direction: number, attrs: number,
): void {
  for (let done = 0; done < size; ) {
    const part = Math.min(iova.granule - ((at + done) % iova.granule), size - done)
    const phys = iovaToPhys(domain, at + done)
    if (phys === 0) {
      warnDma('iova-unlink-unknown', 'iommu_dma_iova_unlink_range_slow', 'DMA-53')
      return
    }
    if (!isCoherent(dev)) syncCacheForCpu(phys, part, direction)
    if (bounce.isBounced(phys)) bounce.bounceOut(dev, phys, part, direction, attrs)
    done += part
  }
}

function unlinkRange(
  path: DmaPath, dev: device, state: dma_iova_state, offset: number, size: number,
  direction: number, attrs: number, freeToo: boolean,
): void {
  const { domain, iova, dma } = path
  const at = state.addr + offset
  const pad = at % iova.granule
  if (state.$bounced || (!isCoherent(dev) && !(attrs & ATTR.SKIP_CPU_SYNC)))
    copyBack(path, dev, at, size, direction, attrs)
  noteUnlink(dev, at, size)
  const { runtime } = machine()
  const length = alignUp(size + pad, iova.granule)
  const gather = new iommu_iotlb_gather()
  gather.queued = freeToo && dma.queue !== null
  const done = runtime.atomic<number>(unmapFast(domain, at - pad, length, gather))
  if (done !== length) warnDma('iova-unlink-size', '__iommu_dma_iova_unlink', 'DMA-53')
  if (!gather.queued) runtime.atomic<void>(iotlbSync(domain, gather))
  if (freeToo) freeIova(path, at - pad, length, gather.queued)
}

/** DMA-53: a part goes, at once for the TLB too; the range stays reserved. */
export function unlink(
  dev: device, state: dma_iova_state, offset: number, size: number, direction: number, attrs: number,
): void {
  unlinkRange(pathOf(dev), dev, state, offset, size, direction, attrs, false)
}

/** Everything goes, lazily where the domain is lazy; `mapped` must be what is linked. */
export function destroy(
  dev: device, state: dma_iova_state, mapped: number, direction: number, attrs: number,
): void {
  if (mapped) unlinkRange(pathOf(dev), dev, state, 0, mapped, direction, attrs, true)
  else free(dev, state)
}
