import { KernelObject } from '../../engine/object'
import type { device } from '../base/device'
import type { iommu_iotlb_gather } from './gather'
import type { iommu_ops } from './ops'
import type { iopf_group } from './iopf'

/** What a mapping allows, and how it behaves: the `prot` argument of `iommu_map`. */
export const IOMMU_READ = 1
export const IOMMU_WRITE = 2
export const IOMMU_CACHE = 4
export const IOMMU_NOEXEC = 8
export const IOMMU_MMIO = 16
export const IOMMU_PRIV = 32

/** What domain types are made of. */
export const __IOMMU_DOMAIN_PAGING = 1
export const __IOMMU_DOMAIN_DMA_API = 2
export const __IOMMU_DOMAIN_PT = 4
export const __IOMMU_DOMAIN_DMA_FQ = 8
export const __IOMMU_DOMAIN_SVA = 16
export const __IOMMU_DOMAIN_PLATFORM = 32
export const __IOMMU_DOMAIN_NESTED = 64

/** Every access fails. */
export const IOMMU_DOMAIN_BLOCKED = 0
/** Device addresses are physical addresses. */
export const IOMMU_DOMAIN_IDENTITY = __IOMMU_DOMAIN_PT
/** Whoever allocated it maps. */
export const IOMMU_DOMAIN_UNMANAGED = __IOMMU_DOMAIN_PAGING
/** The DMA API maps; unmapping waits for the TLB. */
export const IOMMU_DOMAIN_DMA = __IOMMU_DOMAIN_PAGING | __IOMMU_DOMAIN_DMA_API
/** The same, with the TLB flushed later and for many at once. */
export const IOMMU_DOMAIN_DMA_FQ = IOMMU_DOMAIN_DMA | __IOMMU_DOMAIN_DMA_FQ
/** The page table of a process. */
export const IOMMU_DOMAIN_SVA = __IOMMU_DOMAIN_SVA
export const IOMMU_DOMAIN_PLATFORM = __IOMMU_DOMAIN_PLATFORM
export const IOMMU_DOMAIN_NESTED = __IOMMU_DOMAIN_NESTED

/** The addresses that a domain can translate. */
export interface iommu_domain_geometry {
  aperture_start: number
  aperture_end: number
  /** Addresses outside fail, instead of passing untranslated. */
  force_aperture: boolean
}

/** What a driver of an IOMMU does with its domains. Attaching may sleep, mapping may not. */
export interface iommu_domain_ops {
  attach_dev?: ((domain: any, dev: device, old: iommu_domain | null) => number) | null
  set_dev_pasid?:
    ((domain: any, dev: device, pasid: number, old: iommu_domain | null) => number) | null
  map_pages?:
    | ((
        domain: any, iova: number, paddr: number, pgsize: number, pgcount: number, prot: number,
        gfp: number, mapped: { value: number },
      ) => number)
    | null
  unmap_pages?:
    | ((
        domain: any, iova: number, pgsize: number, pgcount: number, gather: iommu_iotlb_gather,
      ) => number)
    | null
  flush_iotlb_all?: ((domain: any) => void) | null
  iotlb_sync_map?: ((domain: any, iova: number, size: number) => number) | null
  iotlb_sync?: ((domain: any, gather: iommu_iotlb_gather) => void) | null
  iova_to_phys?: ((domain: any, iova: number) => number) | null
  enforce_cache_coherency?: ((domain: any) => boolean) | null
  free?: ((domain: any) => void) | null
  /** Of tables that programs write: they have changed entries. */
  cache_invalidate_user?: ((domain: any, array: any) => number) | null
  /** @internal A generic page table has these two instead: they tell their own errors. */
  $map?: (domain: any, iova: number, paddr: number, size: number, prot: number) => number
  /** @internal Answers how many bytes are gone. */
  $unmap?: (domain: any, iova: number, size: number, gather: iommu_iotlb_gather) => number
}

/** Which pages devices write. Addresses are marked by `dirty.record`, if there is one. */
export interface iommu_dirty_ops {
  set_dirty_tracking: (domain: any, enabled: boolean) => number
  read_and_clear_dirty: (
    domain: any, iova: number, size: number, flags: number, dirty: any,
  ) => number
}

export type iommu_fault_handler_t = (
  domain: iommu_domain, dev: device | null, iova: number, flags: number, token: any,
) => number

/** Whose the private part of a domain is. */
export type DomainCookie = 'none' | 'dma' | 'msi' | 'fault handler' | 'sva' | 'iommufd'

/**
 * An address space for devices. Nobody counts who uses it: freeing one that a device still runs
 * through leaves the hardware with a page table that is somebody else's memory by then (IOMMU-13).
 */
export class iommu_domain extends KernelObject {
  readonly $type: string = 'iommu_domain'
  type = IOMMU_DOMAIN_UNMANAGED
  ops: iommu_domain_ops | null = null
  /** What devices write can be found out. */
  dirty_ops: iommu_dirty_ops | null = null
  /** The driver that it belongs to: only its devices can use it. */
  owner: iommu_ops | null = null
  /** One bit for each page size. */
  pgsize_bitmap = 4096
  geometry: iommu_domain_geometry = {
    aperture_start: 0,
    aperture_end: Infinity,
    force_aperture: false,
  }
  handler: iommu_fault_handler_t | null = null
  handler_token: unknown = null
  iopf_handler: ((group: iopf_group) => number) | null = null
  /** Of a domain for shared virtual addresses: the process, and how often it was bound. */
  mm: object | null = null
  users = 0
  /** @internal */
  $cookie: DomainCookie = 'none'
  /** @internal What the DMA API keeps with it. */
  $dma: object | null = null
  /** @internal The driver of the IOMMU keeps its own here. */
  $private: unknown = null
  /** @internal Shown in traces. */
  $label = ''

  constructor(init?: Partial<iommu_domain>) {
    super()
    if (init) Object.assign(this, init)
  }
}
