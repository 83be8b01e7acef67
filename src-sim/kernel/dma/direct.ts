import { PAGE_SIZE, type PhysAddr } from '../../base/units'
import { machine } from '../../engine/current'
import { device as Device } from '../base/device'
import { EIO, EREMOTEIO } from '../errno'
import { physicalMemory } from '../mm/physical'
import { ATTR } from './attrs'
import type { DmaBackend, DmaMemory } from './backend'
import { atomicPool } from './atomic-pool'
import { cpuCache, syncCacheForCpu, syncCacheForDevice } from './cache'
import { DMA_TO_DEVICE } from './direction'
import {
  DMA_MAPPING_ERROR, dmaPlatform, isCoherent, MASK_32, minNotZero, streamingLimit, type DmaDevice,
} from './dma-device'
import { addressText, deviceWarnOnce, maskText, warnOnce } from './once'
import { p2pMapOf } from './p2p-hook'
import { pageAligned, physToDma, dmaToPhys } from './ranges'
import type { scatterlist } from './sg'
import * as bounce from './swiotlb'

const ZONE_DMA_LIMIT = 2 ** 24 - 1
/** Small kmalloc buffers of a machine without coherence share lines below this. */
const DMA_MINALIGN = 128
const BLOCKING = 0x400

/** The mask that reaches all of RAM. */
export function requiredMask(): number {
  let mask = 1
  while (mask < physicalMemory(machine()).limit) mask *= 2
  return mask - 1
}

const reaches = (dma: number, size: number, limit: number): boolean =>
  dma !== DMA_MAPPING_ERROR && dma + size - 1 <= limit

function overflow(dev: DmaDevice, dma: number, size: number, inside: string): number {
  const limits = `(mask ${maskText(dev.dma_mask ?? 0)}, bus limit ${maskText(dev.bus_dma_limit ?? 0)})`
  const text = `DMA addr ${addressText(dma)}+${size} overflow ${limits}.`
  deviceWarnOnce(dev, 'overflow', `kernel/dma/direct.h:131 at ${inside}`, text, ['DMA-06', 'DMA-17'])
  return DMA_MAPPING_ERROR
}

/** A buffer so small that it shares cache lines with others must not be given to the device. */
export function kmallocNeedsBounce(dev: DmaDevice, size: number, direction: number): boolean {
  if (!dmaPlatform(machine()).bounceKmalloc || isCoherent(dev) || direction === DMA_TO_DEVICE)
    return false
  return size < 2 * DMA_MINALIGN && size % DMA_MINALIGN !== 0
}

/** `swiotlb_map`: a slot that the device reaches, or -1. */
export function bounceMap(
  dev: DmaDevice, phys: number, size: number, alignment: number, attrs: number,
): number {
  const slot = bounce.bounceIn(dev, phys, size, alignment, attrs)
  if (slot === DMA_MAPPING_ERROR) return DMA_MAPPING_ERROR
  const dma = physToDma(dev, slot)
  if (reaches(dma, size, streamingLimit(dev))) {
    if (!isCoherent(dev) && !(attrs & ATTR.SKIP_CPU_SYNC)) {
      cpuCache(machine()).enter(slot, size)
      syncCacheForDevice(slot, size)
    }
    return dma
  }
  bounce.bounceOut(dev, slot, size, 0, attrs | ATTR.SKIP_CPU_SYNC)
  const limits = `(mask ${maskText(dev.dma_mask ?? 0)}, bus limit ${maskText(dev.bus_dma_limit ?? 0)})`
  const text = `${bounce.slotText(dma, size)} overflow ${limits}.`
  deviceWarnOnce(dev, 'bounce-out-of-reach', 'kernel/dma/swiotlb.c at swiotlb_map', text, ['DMA-33'])
  return DMA_MAPPING_ERROR
}

/** DMA-17. `inside` is the function of C that the check is inlined into. */
function mapOne(
  dev: DmaDevice, phys: number, size: number, direction: number, attrs: number, inside: string,
): number {
  if (bounce.forcesBounce(dev)) {
    if (!(attrs & ATTR.CC_SHARED)) {
      if (attrs & (ATTR.MMIO | ATTR.REQUIRE_COHERENT)) return DMA_MAPPING_ERROR
      return bounceMap(dev, phys, size, 0, attrs)
    }
  } else if (attrs & ATTR.CC_SHARED) return DMA_MAPPING_ERROR
  const limit = streamingLimit(dev)
  if (attrs & ATTR.MMIO) return reaches(phys, size, limit) ? phys : overflow(dev, phys, size, inside)
  const dma = physToDma(dev, phys)
  if (!reaches(dma, size, limit) || kmallocNeedsBounce(dev, size, direction)) {
    if (bounce.swiotlbActive() && !(attrs & ATTR.REQUIRE_COHERENT))
      return bounceMap(dev, phys, size, 0, attrs)
    return overflow(dev, dma, size, inside)
  }
  if (!isCoherent(dev)) {
    cpuCache(machine()).enter(phys, size)
    if (!(attrs & ATTR.SKIP_CPU_SYNC)) syncCacheForDevice(phys, size)
  }
  return dma
}

/** DMA-18: nothing is looked up, so nothing can be wrong. */
function unmapOne(dev: DmaDevice, dma: number, size: number, direction: number, attrs: number): void {
  if (attrs & (ATTR.MMIO | ATTR.REQUIRE_COHERENT)) return
  const phys = dmaToPhys(dev, dma)
  if (!(attrs & ATTR.SKIP_CPU_SYNC)) syncForCpu(dev, dma, size, direction)
  if (!isCoherent(dev)) cpuCache(machine()).leave(phys, size)
  bounce.bounceOut(dev, phys, size, direction, attrs | ATTR.SKIP_CPU_SYNC)
}

function syncForCpu(dev: DmaDevice, dma: number, size: number, direction: number): void {
  const phys = dmaToPhys(dev, dma)
  if (!isCoherent(dev)) syncCacheForCpu(phys, size, direction)
  bounce.bounceSyncForCpu(dev, phys, size, direction)
}

function syncForDevice(dev: DmaDevice, dma: number, size: number, direction: number): void {
  const phys = dmaToPhys(dev, dma)
  bounce.bounceSyncForDevice(dev, phys, size, direction)
  if (!isCoherent(dev)) syncCacheForDevice(phys, size)
}

/** DMA-23: an entry is a segment; all or none. */
function mapSg(
  dev: DmaDevice, list: readonly scatterlist[], direction: number, attrs: number,
): number {
  for (const [i, sg] of list.entries()) {
    const failed = mapEntry(dev, sg, direction, attrs)
    if (failed === 0) continue
    unmapSg(dev, list.slice(0, i), direction, attrs | ATTR.SKIP_CPU_SYNC)
    return failed
  }
  return list.length
}

function mapEntry(dev: DmaDevice, sg: scatterlist, direction: number, attrs: number): number {
  const peer = p2pMapOf(dev, sg)
  if (peer === null) return -EREMOTEIO
  sg.$busAddress = typeof peer === 'number'
  const phys = sg.$phys
  sg.dma_address =
    typeof peer === 'number'
      ? peer
      : phys === null
        ? DMA_MAPPING_ERROR
        : mapOne(dev, phys, sg.length, direction, attrs, 'dma_direct_map_sg')
  if (sg.dma_address === DMA_MAPPING_ERROR) return -EIO
  sg.dma_length = sg.length
  return 0
}

function unmapSg(
  dev: DmaDevice, list: readonly scatterlist[], direction: number, attrs: number,
): void {
  for (const sg of list) {
    if (sg.$busAddress) sg.$busAddress = false
    else unmapOne(dev, sg.dma_address, sg.dma_length, direction, attrs)
  }
}

/** DMA-38: pages in a row that the coherent mask covers. */
function allocPages(dev: DmaDevice, size: number): number | null {
  const memory = physicalMemory(machine())
  const count = pageAligned(size) / PAGE_SIZE
  const phys = memory.allocPages(count)
  if (phys === null) return null
  const limit = minNotZero(dev.coherent_dma_mask ?? 0, dev.bus_dma_limit ?? 0)
  if (reaches(physToDma(dev, phys), count * PAGE_SIZE, limit)) return phys
  memory.freePages(phys, count)
  return null
}

function alloc(dev: DmaDevice, size: number, gfp: number, attrs: number): DmaMemory | null {
  const uncached = !isCoherent(dev) && !(attrs & ATTR.NO_KERNEL_MAPPING)
  const pooled = uncached && !(gfp & BLOCKING)
  const pool = atomicPool(machine())
  if (pooled && !pool.take(pageAligned(size))) {
    const name = dev instanceof Device ? dev.$label : 'device'
    const text = `DMA pool exhausted for ${name}`
    warnOnce('pool-exhausted', 'kernel/dma/pool.c at dma_alloc_from_pool', text, ['DMA-38'])
    return null
  }
  const phys = allocPages(dev, size)
  if (phys === null) return null
  const cpu = physicalMemory(machine()).view(phys as PhysAddr, size)!
  if (pooled) pool.made(cpu, pageAligned(size))
  return { cpu, dma: physToDma(dev, phys), phys }
}

/** DMA-39: the pages are found by what the driver says is their DMA address. */
function free(dev: DmaDevice, size: number, cpu: Uint8Array, dma: number): void {
  const memory = physicalMemory(machine())
  const phys = dmaToPhys(dev, dma) as PhysAddr
  atomicPool(machine()).giveBack(cpu)
  if (memory.view(phys, size)) memory.freePages(phys, pageAligned(size) / PAGE_SIZE)
}

/** Addresses are physical ones, as far as the device reaches (kernel/dma/direct.c). */
export const directBackend: DmaBackend = {
  name: 'direct',
  canSkipSync: true,
  mapPhys: (dev, phys, size, direction, attrs) =>
    mapOne(dev, phys, size, direction, attrs, 'dma_map_phys'),
  unmapPhys: unmapOne,
  mapSg,
  unmapSg,
  alloc,
  free,
  allocPages(dev, size) {
    const phys = allocPages(dev, size)
    if (phys === null) return null
    const cpu = physicalMemory(machine()).view(phys as PhysAddr, size)!
    return { cpu, dma: physToDma(dev, phys), phys }
  },
  freePages: free,
  syncForCpu,
  syncForDevice,
  supported(_dev, mask) {
    const top = dmaPlatform(machine()).zoneDma ? ZONE_DMA_LIMIT : Infinity
    return mask >= MASK_32 || mask >= Math.min(requiredMask(), top)
  },
  requiredMask,
  addressingLimited(dev) {
    const ranges = dev.dma_range_map
    if (!ranges) return false
    const top = physicalMemory(machine()).limit
    return !ranges.some((r) => r.cpuStart === 0 && r.size >= top)
  },
  maxMappingSize(dev) {
    const limited = streamingLimit(dev) < requiredMask() || this.addressingLimited(dev)
    const bounces = bounce.swiotlbActive() && (limited || bounce.forcesBounce(dev))
    return bounces ? bounce.maxBounceSize(dev) : Infinity
  },
  optMappingSize: () => Infinity,
  mergeBoundary: () => 0,
  needSync: (dev, dma) => !isCoherent(dev) || bounce.isBounced(dmaToPhys(dev, dma)),
  pagesOf(dev, _cpu, dma, size) {
    const phys = dmaToPhys(dev, dma)
    return Array.from({ length: pageAligned(size) / PAGE_SIZE }, (_, i) => phys + i * PAGE_SIZE)
  },
}
