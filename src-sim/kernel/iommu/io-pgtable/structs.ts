import { KernelObject } from '../../../engine/object'
import type { RawStack } from '../../../engine/finding'
import type { device } from '../../base/device'
import type { iommu_iotlb_gather } from '../gather'

/** Formats, by the numbers of C. */
export const ARM_32_LPAE_S1 = 0
export const ARM_32_LPAE_S2 = 1
export const ARM_64_LPAE_S1 = 2
export const ARM_64_LPAE_S2 = 3
export const ARM_V7S = 4
export const ARM_MALI_LPAE = 5
export const APPLE_DART = 6
export const APPLE_DART2 = 7

export const IO_PGTABLE_QUIRK_ARM_NS = 1 << 0
export const IO_PGTABLE_QUIRK_NO_PERMS = 1 << 1
export const IO_PGTABLE_QUIRK_ARM_TTBR1 = 1 << 5
export const IO_PGTABLE_QUIRK_ARM_OUTER_WBWA = 1 << 6
/** Occupied entries and holes are expected: no warnings. */
export const IO_PGTABLE_QUIRK_NO_WARN = 1 << 8

/** How the owner of a table invalidates TLBs. None of them may sleep (IOMMU-32). */
export interface iommu_flush_ops {
  tlb_flush_all?: ((cookie: any) => void) | null
  /** A table was taken out: whatever was cached on the way through it has to go now. */
  tlb_flush_walk?: ((iova: number, size: number, granule: number, cookie: any) => void) | null
  tlb_add_page?:
    ((gather: iommu_iotlb_gather, iova: number, granule: number, cookie: any) => void) | null
}

/** What a table is to be like; changed to what it is. */
export class io_pgtable_cfg extends KernelObject {
  quirks = 0
  /** Page sizes as bits: those that the format cannot do are taken out. */
  pgsize_bitmap = 0
  /** Bits of addresses that go in and come out. */
  ias = 48
  oas = 48
  /** The walker sees what the CPU's caches hold. */
  coherent_walk = true
  tlb: iommu_flush_ops | null = null
  /** No reference: it must outlive the table (IOMMU-31). */
  iommu_dev: device | null = null
  alloc: ((cookie: any, size: number, gfp: number) => Uint8Array | null) | null = null
  free: ((cookie: any, pages: Uint8Array, size: number) => void) | null = null
  /** Where the hardware begins to walk, filled in by the library. */
  arm_lpae_s1_cfg = { ttbr: 0, tcr: 0, mair: 0 }
  arm_lpae_s2_cfg = { vttbr: 0, vtcr: 0 }

  constructor(init?: Partial<io_pgtable_cfg>) {
    super()
    if (init) Object.assign(this, init)
  }
}

/** What can be done with a table; each takes the structure itself first, as in C. */
export class io_pgtable_ops extends KernelObject {
  readonly $type = 'io_pgtable'
  map_pages!: (
    ops: io_pgtable_ops, iova: number, paddr: number, pgsize: number, pgcount: number, prot: number,
    gfp: number, mapped: { value: number },
  ) => number
  unmap_pages!: (
    ops: io_pgtable_ops, iova: number, pgsize: number, pgcount: number,
    gather: iommu_iotlb_gather | null,
  ) => number
  iova_to_phys!: (ops: io_pgtable_ops, iova: number) => number
  /** @internal */
  $table: PageTables | null = null
}

/** An entry that leads to memory. */
export interface LeafEntry {
  phys: number
  size: number
  prot: number
}

/** One page of entries. */
export interface TablePage {
  /** Where it is in memory. */
  readonly phys: number
  readonly cpu: Uint8Array
  readonly entries: Map<number, LeafEntry | TablePage>
}

/** Everything behind one `io_pgtable_ops`. */
export interface PageTables {
  readonly cfg: io_pgtable_cfg
  readonly cookie: unknown
  readonly ops: io_pgtable_ops
  /** Page sizes, largest first: one for each level at which leaves can be. */
  readonly sizes: readonly number[]
  readonly root: TablePage
  readonly allocated: RawStack
  /** Set when it was freed, by whom. */
  freed: RawStack | null
}

export const isTable = (entry: LeafEntry | TablePage): entry is TablePage => 'entries' in entry
