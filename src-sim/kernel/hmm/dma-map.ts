import { machine } from '../../engine/current'
import { KernelObject } from '../../engine/object'
import { PAGE_SIZE } from '../../base/units'
import { ATTR } from '../dma/attrs'
import { DMA_BIDIRECTIONAL } from '../dma/direction'
import { DMA_MAPPING_ERROR, type DmaDevice } from '../dma/dma-device'
import { mapPhys, skipsSync, unmapPhys } from '../dma/mapping'
import { addressingLimited } from '../dma/masks'
import { ENOMEM, EOPNOTSUPP } from '../errno'
import { faultInjection } from '../mm/fault-injection'
import { hmmHooks } from './hooks'
import { HMM_PFN, INOUT, pfnOf } from './pfn'
import { peerRoute } from './peer-route'

/** The pages of a range as a device sees them: what `hmm_range_fault` fills, and addresses. */
export class hmm_dma_map extends KernelObject {
  /** Answers of `hmm_range_fault`, one for each page. */
  pfn_list: number[] = []
  /** The device's addresses of those that are mapped. */
  dma_list: number[] = []
  dma_entry_size = 0
}

/**
 * Gets ready to map so many entries. 0, -ENOMEM, or -EOPNOTSUPP for a device whose buffers would
 * have to be handed over or copied: mirrored pages stay in use by the CPU.
 */
export function allocDmaMap(
  dev: DmaDevice, map: hmm_dma_map, entries: number, entrySize: number,
): number {
  if (!skipsSync(dev) || addressingLimited(dev)) return -EOPNOTSUPP
  if (faultInjection(machine()).shouldFail('hmm_dma_map_alloc')) return -ENOMEM
  map.dma_entry_size = entrySize
  map.pfn_list = Array.from({ length: entries }, () => 0)
  map.dma_list = Array.from({ length: entries }, () => 0)
  return 0
}

export function freeDmaMap(map: hmm_dma_map): void {
  map.pfn_list = []
  map.dma_list = []
}

/** Adds a flag to an entry, whose upper part is beyond the reach of `|`. */
const add = (map: hmm_dma_map, i: number, flag: number): void => {
  if (!(map.pfn_list[i]! & flag)) map.pfn_list[i]! += flag
}

const remove = (map: hmm_dma_map, i: number, flags: number): void => {
  map.pfn_list[i]! -= map.pfn_list[i]! & flags
}

/** The device's address of an entry, mapping it if need be; -1 on failure. */
export function mapEntry(dev: DmaDevice, map: hmm_dma_map, i: number): number {
  const entry = map.pfn_list[i]!
  hmmHooks(machine()).used.emit(entry, 'hmm_dma_map_pfn')
  if (entry & HMM_PFN.DMA_MAPPED && !(entry & HMM_PFN.P2PDMA_BUS)) return map.dma_list[i]!
  const phys = pfnOf(entry) * PAGE_SIZE
  const route = peerRoute(dev, pfnOf(entry))
  if (route === 'none') return DMA_MAPPING_ERROR
  if (typeof route === 'object') {
    add(map, i, HMM_PFN.P2PDMA_BUS)
    add(map, i, HMM_PFN.DMA_MAPPED)
    return phys + route.busOffset
  }
  if (route === 'host') add(map, i, HMM_PFN.P2PDMA)
  const attrs = ATTR.REQUIRE_COHERENT | (route === 'host' ? ATTR.MMIO : 0)
  const dma = mapPhys(dev, phys, map.dma_entry_size, DMA_BIDIRECTIONAL, attrs)
  if (dma === DMA_MAPPING_ERROR) {
    remove(map, i, HMM_PFN.P2PDMA)
    return DMA_MAPPING_ERROR
  }
  map.dma_list[i] = dma
  add(map, i, HMM_PFN.DMA_MAPPED)
  return dma
}

/** Takes the device's address back. False when there was none. */
export function unmapEntry(dev: DmaDevice, map: hmm_dma_map, i: number): boolean {
  const entry = map.pfn_list[i]!
  if (!(entry & HMM_PFN.VALID) || !(entry & HMM_PFN.DMA_MAPPED)) return false
  if (!(entry & HMM_PFN.P2PDMA_BUS)) {
    const attrs = ATTR.REQUIRE_COHERENT | (entry & HMM_PFN.P2PDMA ? ATTR.MMIO : 0)
    unmapPhys(dev, map.dma_list[i]!, map.dma_entry_size, DMA_BIDIRECTIONAL, attrs, 'hmm_dma_unmap_pfn')
  }
  remove(map, i, INOUT)
  return true
}
