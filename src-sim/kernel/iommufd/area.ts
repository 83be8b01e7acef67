import { PAGE_SIZE } from '../../base/units'
import { KernelObject } from '../../engine/object'
import type { iommu_domain } from '../iommu/domain'
import type { IoPagetable } from './io-pagetable'
import type { IoptPages } from './pages'
import { SPACE_END, type Range } from './ranges'

/** A stretch of an address space for devices, with a slice of somebody's memory behind it. */
export class IoptArea extends KernelObject implements Range {
  readonly $type = 'iopt_area'
  readonly start: number
  readonly end: number
  /** Where the slice begins in its pages. */
  readonly startByte: number
  readonly prot: number
  readonly iopt: IoPagetable
  /** Null while it is being mapped or unmapped. */
  pages: IoptPages | null = null
  /** Pages that drivers in the kernel have pinned through it. */
  accesses = 0
  /** It is on its way out: no new accesses. */
  preventAccess = false
  /** Domains that have its pages in their tables. */
  readonly domains = new Set<iommu_domain>()
  /** A queue of the hardware lies in it. */
  locks = 0

  constructor(
    iopt: IoPagetable, start: number, length: number, startByte: number, prot: number,
  ) {
    super()
    this.iopt = iopt
    this.start = start
    this.end = start + length
    this.startByte = startByte
    this.prot = prot
  }

  get $label(): string {
    return `iova 0x${this.start.toString(16)}-0x${this.end.toString(16)}`
  }

  get length(): number {
    return this.end - this.start
  }

  /** Offset in the first page. */
  get pageOffset(): number {
    return this.startByte % PAGE_SIZE
  }

  get firstPage(): number {
    return Math.floor(this.startByte / PAGE_SIZE)
  }

  get pageCount(): number {
    return Math.ceil((this.pageOffset + this.length) / PAGE_SIZE)
  }

  /** Which byte of its pages an address leads to. */
  byteAt(iova: number): number {
    return this.startByte + (iova - this.start)
  }

  pageAt(iova: number): number {
    return Math.floor(this.byteAt(iova) / PAGE_SIZE)
  }
}

/** The part of an area that a walk over a stretch of addresses meets. */
export interface AreaPart {
  area: IoptArea
  start: number
  end: number
}

/** Areas that cover a stretch without a hole; null when one is missing or half made. */
export function contiguous(
  areas: readonly IoptArea[], start: number, length: number,
): AreaPart[] | null {
  const parts: AreaPart[] = []
  const end = Math.min(start + length, SPACE_END)
  let at = start
  while (at < end) {
    const area = areas.find((a) => a.start <= at && at < a.end)
    if (!area?.pages) return null
    const last = Math.min(end, area.end)
    parts.push({ area, start: at, end: last })
    at = last
  }
  return parts
}
