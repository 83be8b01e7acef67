import { machine } from '../../engine/current'
import { service } from '../../engine/service'
import type { DeclaredMemory } from './declared'
import type { DmaBackend } from './backend'

/** Part of the physical address space, and where the device finds it. */
export interface BusRange {
  cpuStart: number
  dmaStart: number
  size: number
}

/** What a device can take in one segment; the kernel's structure of that name. */
export class device_dma_parameters {
  max_segment_size = 0
  min_align_mask = 0
  segment_boundary_mask = 0
}

/** DMA-01: what every PCI device begins with. */
export function pciParameters(): device_dma_parameters {
  const parms = new device_dma_parameters()
  parms.max_segment_size = 0x10000
  parms.segment_boundary_mask = 0xffffffff
  return parms
}

/** What the DMA layer needs to know of a device: the part of `struct device` that is its own. */
export interface DmaDevice {
  /** Null: its bus has set none, it cannot stream. */
  dma_mask?: number | null
  coherent_dma_mask?: number
  /** The last address that its bus can carry; 0: no limit of the bus. */
  bus_dma_limit?: number
  dma_range_map?: readonly BusRange[] | null
  /** @internal What the board does with the addresses of this device, whoever has bound it. */
  $busRanges?: readonly BusRange[] | null
  dma_parms?: device_dma_parameters | null
  /** Goes through an IOMMU. */
  dma_iommu?: boolean
  /** What it sees, and what the DMA API maps into. */
  iommu_group?: { readonly domain: object | null; readonly default_domain: object | null } | null
  /** A backend of its own. */
  dma_ops?: DmaBackend | null
  /** Null: as the machine is. */
  dma_coherent?: boolean | null
  dma_skip_sync?: boolean
  /** Memory of its own for coherent allocations. */
  dma_mem?: DeclaredMemory | null
  bus?: { name: string } | null
}

/** Every address a mask of all ones can reach; masks beyond 2^53 are this value. */
export const MASK_64 = Infinity
export const MASK_32 = 0xffff_ffff
/** What a failed mapping answers: all ones, printed as such. */
export const DMA_MAPPING_ERROR = -1

/** How the machine does DMA where nobody says otherwise. */
export class DmaPlatform {
  /** Devices see what the CPUs' caches hold. */
  coherent = true
  /** What the command line says of the bounce buffers. */
  swiotlb: 'auto' | 'force' | 'noforce' = 'auto'
  /** Slots of 2 KiB of the bounce buffers. */
  swiotlbSlots = 32768
  /** Small buffers that share a cache line with others are bounced on non-coherent devices. */
  bounceKmalloc = false
  /** Allocations for small devices have a zone of their own (CONFIG_ZONE_DMA). */
  zoneDma = false
  /** Bytes of a line of the cache of a machine that is not coherent. */
  cacheLine = 64
}

export const dmaPlatform = service(() => new DmaPlatform())

/** DMA-37: x86 always is; elsewhere the firmware says so. */
export const isCoherent = (dev: DmaDevice): boolean =>
  dev.dma_coherent ?? dmaPlatform(machine()).coherent

/** The smaller one of two limits of which 0 means none. */
export const minNotZero = (a: number, b: number): number =>
  a === 0 ? b : b === 0 ? a : Math.min(a, b)

/** The last address that the device's streaming mappings may have (DMA-05). */
export const streamingLimit = (dev: DmaDevice): number =>
  minNotZero(dev.dma_mask ?? 0, dev.bus_dma_limit ?? 0)

/** `dma_get_mask`. */
export const maskOf = (dev: DmaDevice): number => dev.dma_mask || MASK_32
