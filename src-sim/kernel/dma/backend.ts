import { machine } from '../../engine/current'
import type { Machine } from '../../engine/machine'
import { service } from '../../engine/service'
import { directBackend } from './direct'
import type { DmaDevice } from './dma-device'
import type { scatterlist } from './sg'

/** Memory for CPU and device, as a backend hands it out. */
export interface DmaMemory {
  /** The CPU's view; for `NO_KERNEL_MAPPING` it only names the memory. */
  cpu: Uint8Array
  dma: number
  /** Where it begins; where it is scattered, the first page. */
  phys: number
}

/**
 * How addresses for a device come about: as they are (direct), through the page table of an IOMMU,
 * or not at all. The functions of `linux/dma-mapping` check their arguments, keep the books and
 * call one of these. Addresses are numbers; -1 is `DMA_MAPPING_ERROR`.
 */
export interface DmaBackend {
  readonly name: string
  /** Any context. The device's address, or -1. */
  mapPhys(dev: DmaDevice, phys: number, size: number, direction: number, attrs: number): number
  unmapPhys(dev: DmaDevice, dma: number, size: number, direction: number, attrs: number): void
  /** Fills in `dma_address` and `dma_length`. How many segments, or -errno. */
  mapSg(dev: DmaDevice, list: readonly scatterlist[], direction: number, attrs: number): number
  unmapSg(dev: DmaDevice, list: readonly scatterlist[], direction: number, attrs: number): void
  /** Zeroed memory; `gfp` says whether it may sleep. */
  alloc(dev: DmaDevice, size: number, gfp: number, attrs: number): DmaMemory | null
  free(dev: DmaDevice, size: number, cpu: Uint8Array, dma: number, attrs: number): void
  /** Zeroed pages in a row, mapped for the device but synced by hand. */
  allocPages(dev: DmaDevice, size: number, direction: number, gfp: number): DmaMemory | null
  freePages(dev: DmaDevice, size: number, cpu: Uint8Array, dma: number, direction: number): void
  syncForCpu(dev: DmaDevice, dma: number, size: number, direction: number): void
  syncForDevice(dev: DmaDevice, dma: number, size: number, direction: number): void
  /** Whether a mask will do (DMA-04). */
  supported(dev: DmaDevice, mask: number): boolean
  requiredMask(dev: DmaDevice): number
  /** Some RAM is out of reach even through this backend. */
  addressingLimited(dev: DmaDevice): boolean
  /** Bytes; Infinity: no limit. */
  maxMappingSize(dev: DmaDevice): number
  optMappingSize(dev: DmaDevice): number
  /** Entries whose ends are multiples of this plus one can be merged; 0: never. */
  mergeBoundary(dev: DmaDevice): number
  needSync(dev: DmaDevice, dma: number): boolean
  /** A coherent device needs no sync calls with this backend (DMA-26). */
  readonly canSkipSync: boolean
  /** The pages of coherent memory, as physical addresses; null: it has none (DMA-43). */
  pagesOf(dev: DmaDevice, cpu: Uint8Array, dma: number, size: number): number[] | null
}

/** A stretch of physical memory that a device's access comes out at. */
export interface TranslatedPiece {
  phys: number
  length: number
}

/**
 * What stands between a device and memory. The answer covers the whole access; null: it was
 * stopped (and logged) on the way, nothing happens to memory.
 */
export interface DmaTranslator {
  translate(
    dev: DmaDevice, address: number, length: number, write: boolean, pasid: number,
  ): readonly TranslatedPiece[] | null
}

/** A device's way to memory. */
export interface DmaPort {
  /** Null when it was stopped on the way, or nothing answers at that address. */
  read(address: number, length: number, pasid?: number): Uint8Array | null
  /** False when it was stopped on the way, or nothing answers at that address. */
  write(address: number, bytes: Uint8Array, pasid?: number): boolean
}

class DmaBackends {
  /** For devices with `dma_iommu`. */
  iommu: DmaBackend | null = null
  /** Asked about every access of a device; null for those that it is not responsible for. */
  translatorOf: ((dev: DmaDevice) => DmaTranslator | null) | null = null
}

export const dmaBackends = service((_machine: Machine) => new DmaBackends())

/** DMA-10. Decided anew at each call: what the device was mapped through may be gone by now. */
export function backendOf(dev: DmaDevice): DmaBackend {
  const { iommu } = dmaBackends(machine())
  if (dev.dma_iommu === true && iommu !== null) return iommu
  return dev.dma_ops ?? directBackend
}

/** The backend is neither an IOMMU nor one of its own. */
export const isDirect = (dev: DmaDevice): boolean => backendOf(dev) === directBackend
