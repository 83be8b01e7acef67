import { PAGE_SIZE, type PhysAddr } from '../../base/units'
import { machine } from '../../engine/current'
import { service } from '../../engine/service'
import type { device } from '../base/device'
import { ATTR } from '../dma/attrs'
import type { DmaBackend, DmaMemory } from '../dma/backend'
import { syncCacheForCpu, syncCacheForDevice } from '../dma/cache'
import { kmallocNeedsBounce } from '../dma/direct'
import { DMA_BIDIRECTIONAL } from '../dma/direction'
import { DMA_MAPPING_ERROR, isCoherent, MASK_32, maskOf, type DmaDevice } from '../dma/dma-device'
import { deviceWords } from '../dma/once'
import * as bounce from '../dma/swiotlb'
import { faultInjection } from '../mm/fault-injection'
import { physicalMemory } from '../mm/physical'
import { kernelLog } from '../printk/log'
import { mightSleep } from '../sched/schedule'
import { warn } from '../printk/warn'
import { iommuCore } from './core'
import { alignUp, mapForDevice, pathOf, protOf, unmapForDevice, warnDma } from './dma-map'
import { mapSg, unmapSg } from './dma-sg'
import { iovaToPhys } from './map'

/** The DMA API of devices behind an IOMMU: drivers/iommu/dma-iommu.c. */

const BLOCKING = 0x400
const UNSYNCED = ATTR.MMIO | ATTR.REQUIRE_COHERENT
/** The largest range that the caches of addresses take. */
const CACHED_PAGES = 32

/** What the CPU has of coherent memory: buffers by their physical address. */
const buffers = service(() => ({
  /** Mapped anew, page by page; false: plain pages in a row. */
  live: new Map<number, { pages: number; remapped: boolean }>(),
  toldInactive: false,
}))

const own = (dev: DmaDevice): device => dev as device

/** `dev_use_swiotlb`: it must not see what else lies in the page (DMA-31). */
export const usesBounce = (dev: DmaDevice, size: number, direction: number): boolean =>
  iommuCore(machine()).isUntrusted(own(dev)) || kmallocNeedsBounce(dev, size, direction)

/** `iommu_dma_map_swiotlb`: a slot of whole granules, with nothing of others around the data. */
export function bounceFor(dev: DmaDevice, phys: number, size: number, attrs: number, granule: number): number {
  const m = machine()
  if (!bounce.swiotlbActive()) {
    if (!buffers(m).toldInactive)
      kernelLog(m).print(4, `${deviceWords(dev)}: DMA bounce buffers are inactive, unable to map unaligned transaction.\n`)
    buffers(m).toldInactive = true
    return DMA_MAPPING_ERROR
  }
  const slot = bounce.bounceIn(dev, phys, size, granule - 1, attrs)
  if (slot === DMA_MAPPING_ERROR || !iommuCore(m).isUntrusted(own(dev))) return slot
  const first = Math.floor(slot / granule) * granule
  const end = alignUp(slot + size, granule)
  const memory = physicalMemory(m)
  memory.view(first as PhysAddr, slot - first)?.fill(0)
  memory.view((slot + size) as PhysAddr, end - slot - size)?.fill(0)
  return slot
}

export function mapPhys(
  dev: DmaDevice, phys: number, size: number, direction: number, attrs: number,
): number {
  if (attrs & ATTR.CC_SHARED) return DMA_MAPPING_ERROR
  const { granule } = pathOf(own(dev)).iova
  let at = phys
  const unaligned = phys % granule !== 0 || size % granule !== 0
  const bounced = unaligned && !(attrs & ATTR.MMIO) && usesBounce(dev, size, direction)
  if (bounced) {
    if (attrs & UNSYNCED) return DMA_MAPPING_ERROR
    at = bounceFor(dev, phys, size, attrs, granule)
    if (at === DMA_MAPPING_ERROR) return DMA_MAPPING_ERROR
  }
  if (!isCoherent(dev) && !(attrs & (ATTR.SKIP_CPU_SYNC | ATTR.MMIO))) syncCacheForDevice(at, size)
  const dma = mapForDevice(own(dev), at, size, protOf(own(dev), direction, attrs), maskOf(dev))
  if (dma === DMA_MAPPING_ERROR && bounced)
    bounce.bounceOut(dev, at, size, direction, attrs | ATTR.SKIP_CPU_SYNC)
  return dma
}

/** DMA-22: only the translation says whether the address was ever given out. */
export function unmapPhys(
  dev: DmaDevice, dma: number, size: number, direction: number, attrs: number,
): void {
  if (attrs & ATTR.CC_SHARED) return
  if (attrs & UNSYNCED) {
    unmapForDevice(own(dev), dma, size)
    return
  }
  const phys = iovaToPhys(pathOf(own(dev)).domain, dma)
  if (phys === 0) {
    warnDma('unmap-unknown', 'iommu_dma_unmap_phys', 'DMA-22')
    return
  }
  if (!isCoherent(dev) && !(attrs & ATTR.SKIP_CPU_SYNC)) syncCacheForCpu(phys, size, direction)
  unmapForDevice(own(dev), dma, size)
  if (bounce.isBounced(phys)) bounce.bounceOut(dev, phys, size, direction, attrs)
}

const pagesFor = (size: number): number => Math.max(1, Math.ceil(size / PAGE_SIZE))

function take(dev: DmaDevice, size: number, prot: number, mask: number): DmaMemory | null {
  const memory = physicalMemory(machine())
  const pages = pagesFor(size)
  const phys = memory.allocPages(pages)
  if (phys === null) return null
  const dma = mapForDevice(own(dev), phys, size, prot, mask)
  if (dma !== DMA_MAPPING_ERROR) return { cpu: memory.view(phys, size)!, dma, phys }
  memory.freePages(phys, pages)
  return null
}

/** DMA-38: where it may sleep, the CPU gets a mapping of its own, page by page. */
function alloc(dev: DmaDevice, size: number, gfp: number, attrs: number): DmaMemory | null {
  const mask = dev.coherent_dma_mask ?? MASK_32
  const made = take(dev, size, protOf(own(dev), DMA_BIDIRECTIONAL, attrs), mask)
  if (!made) return null
  const remapped = (gfp & BLOCKING) !== 0 && !(attrs & ATTR.FORCE_CONTIGUOUS)
  buffers(machine()).live.set(made.phys, { pages: pagesFor(size), remapped })
  return made
}

const INVALID = 'trying to free invalid coherent area: '

/** The address goes first, whoever has it; then what the CPU side names (DMA-22, DMA-39). */
function free(dev: DmaDevice, size: number, cpu: Uint8Array, dma: number): void {
  unmapForDevice(own(dev), dma, size)
  const m = machine()
  const memory = physicalMemory(m)
  const phys = memory.addressOf(cpu)
  if (phys === null) return
  const { live } = buffers(m)
  if (live.has(phys)) {
    if (isRemapped(phys)) mightSleep('vunmap')
    live.delete(phys)
    memory.freePages(phys, pagesFor(size))
    return
  }
  const address = (0x8_8800_0000_0000 + phys).toString(16).padStart(16, '0')
  warn(m, 'invalid-coherent-area', 'kernel/dma/remap.c at dma_common_free_remap', `${INVALID}${address}`, {
    rules: ['DMA-22'],
    help: 'dma-lifetime',
  })
}

/** The CPU reaches a buffer through the vmalloc area: no page of it may be streamed. */
export const isRemapped = (phys: number): boolean =>
  buffers(machine()).live.get(phys)?.remapped === true

/** Used for every device with `dma_iommu`. */
export const iommuBackend: DmaBackend = {
  name: 'iommu',
  canSkipSync: true,
  mapPhys,
  unmapPhys,
  mapSg,
  unmapSg,
  alloc,
  free,
  allocPages(dev, size, direction) {
    if (faultInjection(machine()).shouldFail('dma_alloc_pages')) return null
    return take(dev, size, protOf(own(dev), direction, 0), dev.coherent_dma_mask ?? MASK_32)
  },
  freePages(dev, size, cpu, dma) {
    unmapForDevice(own(dev), dma, size)
    const phys = physicalMemory(machine()).addressOf(cpu)
    if (phys !== null) physicalMemory(machine()).freePages(phys, pagesFor(size))
  },
  syncForCpu(dev, dma, size, direction) {
    const phys = iovaToPhys(pathOf(own(dev)).domain, dma)
    if (!isCoherent(dev)) syncCacheForCpu(phys, size, direction)
    bounce.bounceSyncForCpu(dev, phys, size, direction)
  },
  syncForDevice(dev, dma, size, direction) {
    const phys = iovaToPhys(pathOf(own(dev)).domain, dma)
    bounce.bounceSyncForDevice(dev, phys, size, direction)
    if (!isCoherent(dev)) syncCacheForDevice(phys, size)
  },
  supported: () => true,
  requiredMask: () => MASK_32,
  addressingLimited: () => false,
  maxMappingSize: (dev) =>
    iommuCore(machine()).isUntrusted(own(dev)) ? bounce.maxBounceSize(dev) : Infinity,
  optMappingSize: (dev) => CACHED_PAGES * pathOf(own(dev)).iova.granule,
  mergeBoundary: (dev) => pathOf(own(dev)).iova.granule - 1,
  needSync: () => true,
  pagesOf(_dev, cpu, _dma, size) {
    const phys = physicalMemory(machine()).addressOf(cpu)
    if (phys === null) return null
    return Array.from({ length: pagesFor(size) }, (_, i) => phys + i * PAGE_SIZE)
  },
}
