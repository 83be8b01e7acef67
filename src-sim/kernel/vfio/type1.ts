import { PAGE_SIZE } from '../../base/units'
import { KernelObject } from '../../engine/object'
import { machine } from '../../engine/current'
import { point, type Sim } from '../../engine/suspend'
import { EBUSY, EEXIST, EFAULT, EINVAL, ENODEV, ENOMEM, EOVERFLOW } from '../errno'
import { isErr, ptrErr } from '../err'
import { attachGroup, detachGroup } from '../iommu/attach'
import { allocPaging, freeDomain } from '../iommu/default-domain'
import { IOMMU_CACHE, IOMMU_READ, IOMMU_WRITE, type iommu_domain } from '../iommu/domain'
import type { iommu_group } from '../iommu/group'
import { mapRange, unmapRange } from '../iommu/map'
import { IOMMU_RESV_DIRECT_RELAXABLE, IOMMU_RESV_SW_MSI } from '../iommu/ops'
import { groupRegions } from '../iommu/resv'
import { alignmentOf, overlaps, SPACE_END, type Range } from '../iommufd/ranges'
import { currentMm } from '../mm/current-mm'
import { memlockLimit } from '../mm/mlock'
import { mmDrop, mmGetNotZero, mmGrab, mmPut, type mm_struct } from '../mm/mm-struct'
import { unpinPage } from '../mm/page-alloc'
import { pinFrame, type Frame } from './type1-frames'
import {
  argsOf, MIN_SIZE, VFIO_DMA_MAP_FLAG_READ, VFIO_DMA_MAP_FLAG_WRITE, VFIO_DMA_UNMAP_FLAG_ALL,
  VFIO_IOMMU_INFO_PGSIZES,
} from './uapi'

/** VFIO's first IOMMU backend: drivers/vfio/vfio_iommu_type1.c. */

/** One mapping of a program's memory; its pages stay pinned while it is there. */
class Type1Dma extends KernelObject implements Range {
  readonly start: number
  readonly end: number
  readonly prot: number
  readonly mm: mm_struct
  frames: Frame[] = []

  constructor(start: number, size: number, prot: number, mm: mm_struct) {
    super()
    this.start = start
    this.end = start + size
    this.prot = prot
    this.mm = mm
    mmGrab(mm)
  }

  get $label(): string {
    return `dma 0x${this.start.toString(16)}-0x${this.end.toString(16)}`
  }
}

interface Attached {
  domain: iommu_domain
  groups: iommu_group[]
}

export class Type1 {
  readonly v2: boolean
  readonly dmas: Type1Dma[] = []
  readonly #domains: Attached[] = []
  #reserved: Range[] = []

  constructor(v2: boolean) {
    this.v2 = v2
  }

  /** A group joins a domain that takes it, or gets one of its own with all mappings. */
  *attach(group: iommu_group): Sim<number> {
    const first = group.$devices[0]?.dev
    if (!first) return -ENODEV
    const domain = yield* allocPaging(first)
    if (isErr(domain)) return ptrErr(domain)
    const ret = (yield* attachGroup(domain, group)) || (yield* this.#checkRegions(group))
    if (ret) {
      yield* freeDomain(domain)
      return ret
    }
    for (const known of this.#domains) {
      if (known.domain.owner !== domain.owner) continue
      yield* detachGroup(domain, group)
      const joined = yield* attachGroup(known.domain, group)
      if (joined) break
      yield* freeDomain(domain)
      known.groups.push(group)
      return 0
    }
    const error = yield* this.#replay(domain)
    if (error) {
      yield* detachGroup(domain, group)
      yield* freeDomain(domain)
      return error
    }
    this.#domains.push({ domain, groups: [group] })
    return 0
  }

  *#checkRegions(group: iommu_group): Sim<number> {
    const regions = yield* groupRegions(group)
    const fixed = regions
      .filter((r) => r.type !== IOMMU_RESV_DIRECT_RELAXABLE && r.type !== IOMMU_RESV_SW_MSI)
      .map((r) => ({ start: r.start, end: r.start + r.length }))
    if (this.dmas.some((d) => fixed.some((r) => overlaps(d, r.start, r.end)))) return -EINVAL
    this.#reserved.push(...fixed)
    return 0
  }

  *#replay(domain: iommu_domain): Sim<number> {
    for (const dma of this.dmas) {
      const ret = yield* mapFrames(domain, dma)
      if (ret) return ret
    }
    return 0
  }

  /** The last group of all takes every mapping with it. */
  *detach(group: iommu_group): Sim {
    const own = this.#domains.find((d) => d.groups.includes(group))
    if (!own) return
    own.groups.splice(own.groups.indexOf(group), 1)
    if (own.groups.length === 0 && this.#domains.length === 1) yield* this.release()
    yield* detachGroup(own.domain, group)
    if (own.groups.length > 0) return
    yield* freeDomain(own.domain)
    this.#domains.splice(this.#domains.indexOf(own), 1)
  }

  *release(): Sim {
    for (const dma of this.dmas.splice(0)) yield* this.#remove(dma)
  }

  #pageSize(): number {
    return Math.min(PAGE_SIZE, ...this.#domains.map((d) => alignmentOf(d.domain.pgsize_bitmap)))
  }

  /** VFIO_IOMMU_MAP_DMA. */
  *map(arg: unknown): Sim<number> {
    const args = argsOf(arg, MIN_SIZE.dma_map)
    if (typeof args === 'number') return args
    const { flags, vaddr, iova, size } = args as unknown as Record<string, number>
    const wrong = this.#refusal(flags!, vaddr!, iova!, size!)
    if (wrong) return wrong
    const mm = currentMm()
    if (!mm) return -EFAULT
    const prot =
      (flags! & VFIO_DMA_MAP_FLAG_READ ? IOMMU_READ : 0) |
      (flags! & VFIO_DMA_MAP_FLAG_WRITE ? IOMMU_WRITE : 0)
    const dma = new Type1Dma(iova!, size!, prot, mm)
    this.dmas.push(dma)
    const ret = yield* this.#fill(dma, vaddr!)
    if (!ret) return 0
    this.dmas.splice(this.dmas.indexOf(dma), 1)
    yield* this.#remove(dma)
    return ret
  }

  #refusal(flags: number, vaddr: number, iova: number, size: number): number {
    const known = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE
    if (flags & ~known || !(flags & known)) return -EINVAL
    const step = this.#pageSize()
    if (!size || size % step || iova % step || vaddr % step) return -EINVAL
    if (iova + size > SPACE_END || vaddr + size > SPACE_END) return -EOVERFLOW
    if (this.dmas.some((d) => overlaps(d, iova, iova + size))) return -EEXIST
    if (this.#reserved.some((r) => overlaps(r, iova, iova + size))) return -EINVAL
    return this.#domains.some(({ domain: { geometry: g } }) =>
      iova < g.aperture_start || iova + size - 1 > g.aperture_end,
    )
      ? -EINVAL
      : 0
  }

  *#fill(dma: Type1Dma, vaddr: number): Sim<number> {
    const { mm, prot } = dma
    if (!mmGetNotZero(mm)) return -ESRCH
    let ret = 0
    for (let at = 0; at < dma.end - dma.start && !ret; at += PAGE_SIZE) {
      const frame = yield* pinFrame(mm, vaddr + at, (prot & IOMMU_WRITE) !== 0)
      if (typeof frame === 'number') ret = frame
      else ret = this.#take(dma, frame)
    }
    yield* mmPut(mm)
    yield point(mapFrames, dma)
    for (const { domain } of this.#domains) ret ||= yield* mapFrames(domain, dma)
    return ret
  }

  #take(dma: Type1Dma, frame: Frame): number {
    dma.frames.push(frame)
    if (!frame.page) return 0
    const limit = memlockLimit(machine())
    if (!limit.capable && dma.mm.locked_vm + 1 > limit.pages) {
      dma.frames.pop()
      unpinPage(frame.page)
      return -ENOMEM
    }
    dma.mm.locked_vm++
    return 0
  }

  *#remove(dma: Type1Dma): Sim {
    const length = dma.frames.length * PAGE_SIZE
    for (const { domain } of this.#domains) if (length) yield* unmapRange(domain, dma.start, length)
    for (const { page } of dma.frames)
      if (page) {
        unpinPage(page)
        dma.mm.locked_vm--
      }
    dma.frames = []
    mmDrop(dma.mm)
  }

  /** VFIO_IOMMU_UNMAP_DMA: `size` becomes what was unmapped. */
  *unmap(arg: unknown): Sim<number> {
    const args = argsOf(arg, MIN_SIZE.dma_unmap)
    if (typeof args === 'number') return args
    const { flags, iova, size } = args as unknown as Record<string, number>
    if (flags! & ~VFIO_DMA_UNMAP_FLAG_ALL) return -EINVAL
    const all = (flags! & VFIO_DMA_UNMAP_FLAG_ALL) !== 0
    const wrong = all ? (iova || size ? -EINVAL : 0) : this.#unmapRefusal(iova!, size!)
    if (wrong) return wrong
    const end = all ? SPACE_END : iova! + size!
    let done = 0
    for (const dma of this.dmas.filter((d) => overlaps(d, iova!, end))) {
      this.dmas.splice(this.dmas.indexOf(dma), 1)
      done += dma.end - dma.start
      yield* this.#remove(dma)
    }
    args['size'] = done
    return 0
  }

  /** Mappings go as a whole: neither end may lie inside of one. */
  #unmapRefusal(iova: number, size: number): number {
    const step = this.#pageSize()
    if (!size || iova % step || size % step) return -EINVAL
    if (iova + size > SPACE_END) return -EOVERFLOW
    const cuts = (d: Range, at: number): boolean => d.start < at && at < d.end
    return this.v2 && this.dmas.some((d) => cuts(d, iova) || cuts(d, iova + size)) ? -EINVAL : 0
  }

  info(arg: unknown): number {
    const args = argsOf(arg, MIN_SIZE.iommu_info)
    if (typeof args === 'number') return args
    args.flags = VFIO_IOMMU_INFO_PGSIZES
    args['iova_pgsizes'] = Math.min(...this.#domains.map((d) => d.domain.pgsize_bitmap))
    return 0
  }
}

const ESRCH = 3

/** Frames that lie together are mapped at once. All, or nothing and -errno. */
function* mapFrames(domain: iommu_domain, dma: Type1Dma): Sim<number> {
  const { frames } = dma
  for (let i = 0; i < frames.length; ) {
    let n = 1
    while (i + n < frames.length && frames[i + n]!.pfn === frames[i]!.pfn + n) n++
    const at = dma.start + i * PAGE_SIZE
    const prot = dma.prot | IOMMU_CACHE
    const ret = yield* mapRange(domain, at, frames[i]!.pfn * PAGE_SIZE, n * PAGE_SIZE, prot)
    if (ret) {
      if (i > 0) yield* unmapRange(domain, dma.start, i * PAGE_SIZE)
      return ret === -EBUSY ? -EINVAL : ret
    }
    i += n
  }
  return 0
}
