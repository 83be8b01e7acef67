import { PAGE_SIZE } from '../../base/units'
import { machine } from '../../engine/current'
import { KernelObject } from '../../engine/object'
import { point, type Sim } from '../../engine/suspend'
import { EADDRINUSE, EBUSY, EDEADLK, EEXIST, EINVAL, ENOENT, ENOMEM, ENOSPC, EOVERFLOW, EPERM } from '../errno'
import { IOMMU_WRITE } from '../iommu/domain'
import type { iommu_domain } from '../iommu/domain'
import { defineRwsem, upRead, upWrite } from '../locking/rwsem'
import { faultInjection } from '../mm/fault-injection'
import { contiguous, IoptArea } from './area'
import { complain } from './complain'
import type { iommufd_access } from './access'
import { fillDomain, fillDomains, unfillDomain, unfillDomains } from './fill'
import { readLock, writeLock } from './lock'
import type { IoptPages } from './pages'
import {
  alignmentOf, dropRange, firstIn, holes, insertRange, overflows, powerOfTwoAbove, SPACE_END,
  type Range,
} from './ranges'

/** Addresses that nothing may be mapped at, and why. */
export interface Reserved extends Range {
  owner: object
}

/** A slice of pages that is to be mapped. */
export interface PagesSlice {
  pages: IoptPages
  startByte: number
  length: number
}

const HUGE_PAGE = 0x200000
const UNMAP_ROUNDS = 100

/**
 * What devices see, whatever hardware translates it: areas of memory by their addresses, and the
 * domains and drivers in the kernel that use them. drivers/iommu/iommufd/io_pagetable.c.
 */
export class IoPagetable extends KernelObject {
  readonly $type = 'io_pagetable'
  /** Sorted by address, never overlapping. */
  readonly areas: IoptArea[] = []
  /** What automatic addresses are taken from; empty: everything. */
  allowed: Range[] = []
  readonly reserved: Reserved[] = []
  readonly domains: iommu_domain[] = []
  readonly accesses: iommufd_access[] = []
  /** Addresses and lengths are multiples of it. */
  alignment = 1
  hugePages = true
  /** Keeps domains from coming and going while an area is filled. */
  readonly domainsLock = defineRwsem('&iopt->domains_rwsem')
  /** Keeps areas from coming and going. */
  readonly iovaLock = defineRwsem('&iopt->iova_rwsem');

  /** IOMMUFD-06: finds a place if `iova` is null. The address, or -errno. */
  *map(slices: readonly PagesSlice[], iova: number | null, prot: number): Sim<number> {
    const length = slices.reduce((sum, s) => sum + s.length, 0)
    const areas: IoptArea[] = []
    yield* writeLock(this.iovaLock)
    const place = this.#place(slices, iova, length, prot, areas)
    upWrite(this.iovaLock)
    if (place < 0) {
      this.#forget(areas)
      return place
    }
    yield* readLock(this.domainsLock)
    yield point(fillDomains, this)
    let error = 0
    for (const [at, area] of areas.entries()) {
      error = yield* fillDomains(area, slices[at]!.pages)
      if (!error) continue
      for (const [done, other] of areas.slice(0, at).entries())
        yield* unfillDomains(other, slices[done]!.pages)
      break
    }
    if (!error) {
      yield* writeLock(this.iovaLock)
      for (const [at, area] of areas.entries()) area.pages = slices[at]!.pages.get()
      upWrite(this.iovaLock)
    }
    upRead(this.domainsLock)
    if (error) this.#forget(areas)
    return error || place
  }

  #forget(areas: readonly IoptArea[]): void {
    for (const area of areas) dropRange(this.areas, area)
  }

  #place(
    slices: readonly PagesSlice[], wanted: number | null, length: number, prot: number,
    areas: IoptArea[],
  ): number {
    if (faultInjection(machine()).shouldFail('iopt_area')) return -ENOMEM
    if (length === 0 || length % this.alignment) return -EINVAL
    const first = slices[0]!
    const place =
      wanted === null
        ? this.findPlace(first.pages.address + first.startByte, length)
        : this.#check(wanted, length) || wanted
    if (place < 0) return place
    let at = place
    for (const { pages, startByte, length: bytes } of slices) {
      if (prot & IOMMU_WRITE && !pages.writable) return -EPERM
      const area = new IoptArea(this, at, bytes, startByte, prot)
      if (area.pageOffset % this.alignment) return -EINVAL
      insertRange(this.areas, area)
      areas.push(area)
      at += bytes
    }
    return place
  }

  #check(iova: number, length: number): number {
    if (iova % this.alignment) return -EINVAL
    if (overflows(iova, length)) return -EOVERFLOW
    const end = iova + length
    if (firstIn(this.reserved, iova, end)) return -EINVAL
    return firstIn(this.areas, iova, end) ? -EEXIST : 0
  }

  /** An address that keeps the alignment that memory at `address` has; never 0. */
  findPlace(address: number, length: number): number {
    if (length >= SPACE_END / 2) return -EOVERFLOW
    const alignment = Math.min(powerOfTwoAbove(length), Math.min(alignmentOf(address), HUGE_PAGE))
    if (alignment < this.alignment) return -EINVAL
    const offset = address % PAGE_SIZE
    const everything = [{ start: PAGE_SIZE, end: SPACE_END - PAGE_SIZE }]
    const allowed = this.allowed.length > 0 ? this.allowed : everything
    for (const range of allowed) {
      const start = Math.max(range.start, PAGE_SIZE)
      const end = Math.min(range.end, SPACE_END - PAGE_SIZE)
      for (const hole of holes(start, end, this.reserved, this.areas)) {
        const aligned = Math.ceil(hole.start / alignment) * alignment
        const inPage = aligned % PAGE_SIZE
        const at = aligned - inPage + (inPage | offset)
        if (at + length <= hole.end) return at
      }
    }
    return -ENOSPC
  }

  /** The pages behind a stretch, for mapping them elsewhere. Or -errno. */
  *slices(iova: number, length: number): Sim<PagesSlice[] | number> {
    if (length === 0) return -EINVAL
    if (overflows(iova, length)) return -EOVERFLOW
    yield* readLock(this.iovaLock)
    const parts = contiguous(this.areas, iova, length)
    const found = parts?.map(({ area, start, end }) => ({
      pages: area.pages!.get(),
      startByte: area.byteAt(start),
      length: end - start,
    }))
    upRead(this.iovaLock)
    return found ?? -ENOENT
  }

  /** IOMMUFD-09: whole areas only. Bytes in `out`, even when an error stops it half way. */
  *unmap(iova: number, length: number, out: { value: number }): Sim<number> {
    if (length === 0) return -EINVAL
    if (overflows(iova, length)) return -EOVERFLOW
    return yield* this.#unmapRange(iova, iova + length, out)
  }

  *unmapAll(out: { value: number }): Sim<number> {
    const ret = yield* this.#unmapRange(0, SPACE_END, out)
    return ret === -ENOENT ? 0 : ret
  }

  *#unmapRange(start: number, end: number, out: { value: number }): Sim<number> {
    let rounds = 0
    yield* this.#lockBoth()
    for (;;) {
      const area = firstIn(this.areas, start, end)
      if (!area) break
      const refused = this.#refusal(area, start, end)
      if (refused) {
        this.#unlockBoth()
        return refused
      }
      if (area.accesses > 0) {
        start = area.start
        area.preventAccess = true
        this.#unlockBoth()
        yield* this.tellAccesses(area.start, area.length)
        if (++rounds > UNMAP_ROUNDS) {
          complain('access-stays', 'iopt_unmap_iova_range', area)
          return -EDEADLK
        }
        yield* this.#lockBoth()
        continue
      }
      rounds = 0
      yield* this.#unmapArea(area)
      out.value += area.length
    }
    this.#unlockBoth()
    return out.value > 0 ? 0 : -ENOENT
  }

  #refusal(area: IoptArea, start: number, end: number): number {
    if (!area.pages || area.locks > 0) return -EBUSY
    return area.start < start || area.end > end ? -ENOENT : 0
  }

  *#lockBoth(): Sim {
    yield* readLock(this.domainsLock)
    yield* writeLock(this.iovaLock)
  }

  #unlockBoth(): void {
    upWrite(this.iovaLock)
    upRead(this.domainsLock)
  }

  *#unmapArea(area: IoptArea): Sim {
    const pages = area.pages!
    area.pages = null
    upWrite(this.iovaLock)
    yield point(unfillDomains, area)
    yield* unfillDomains(area, pages)
    yield* pages.put()
    yield* writeLock(this.iovaLock)
    dropRange(this.areas, area)
  }

  /** Drivers in the kernel must let go of a stretch before this returns. */
  *tellAccesses(iova: number, length: number): Sim {
    for (const access of [...this.accesses]) yield* access.tellUnmap(iova, length)
  }

  /** IOMMUFD-11: the new list, or the old one stays. */
  *allow(ranges: Range[]): Sim<number> {
    yield* writeLock(this.iovaLock)
    const clash = ranges.some((r) => firstIn(this.reserved, r.start, r.end))
    if (!clash) this.allowed = ranges
    upWrite(this.iovaLock)
    return clash ? -EADDRINUSE : 0
  }

  /** `iova_rwsem` held for writing. */
  reserve(start: number, end: number, owner: object): number {
    if (firstIn(this.areas, start, end) || firstIn(this.allowed, start, end)) return -EADDRINUSE
    if (faultInjection(machine()).shouldFail('iopt_reserved')) return -ENOMEM
    insertRange(this.reserved, { start, end, owner })
    return 0
  }

  /** `iova_rwsem` held for writing. */
  unreserve(owner: object): void {
    for (const r of this.reserved.filter((one) => one.owner === owner)) dropRange(this.reserved, r)
  }

  *removeReserved(owner: object): Sim {
    yield* writeLock(this.iovaLock)
    this.unreserve(owner)
    upWrite(this.iovaLock)
  }

  /** Takes what all users need, if no area stands against it. */
  realign(): number {
    let wanted = this.hugePages ? 1 : PAGE_SIZE
    for (const d of this.domains) wanted = Math.max(wanted, alignmentOf(d.pgsize_bitmap))
    for (const a of this.accesses) wanted = Math.max(wanted, a.alignment)
    if (wanted > this.alignment) {
      const odd = (n: number): boolean => n % wanted !== 0
      if (this.areas.some((a) => odd(a.start) || odd(a.length) || odd(a.pageOffset)))
        return -EADDRINUSE
    }
    if (wanted > PAGE_SIZE) return -EINVAL
    this.alignment = wanted
    return 0
  }

  /** A domain gets everything that is mapped, and shrinks what can be. */
  *addDomain(domain: iommu_domain): Sim<number> {
    yield* writeLock(this.domainsLock)
    yield* writeLock(this.iovaLock)
    const ret = yield* this.#join(domain)
    upWrite(this.iovaLock)
    upWrite(this.domainsLock)
    return ret
  }

  *#join(domain: iommu_domain): Sim<number> {
    if (this.domains.includes(domain)) return -EEXIST
    this.domains.push(domain)
    const ret = this.#shrink(domain) || this.realign() || (yield* this.#fillAll(domain))
    if (!ret) return 0
    this.unreserve(domain)
    this.domains.splice(this.domains.indexOf(domain), 1)
    this.realign()
    return ret
  }

  #shrink(domain: iommu_domain): number {
    const { aperture_start: first, aperture_end: last } = domain.geometry
    const below = first > 0 ? this.reserve(0, first, domain) : 0
    const above = last < SPACE_END - 1 ? this.reserve(last + 1, SPACE_END, domain) : 0
    return below || above
  }

  *#fillAll(domain: iommu_domain): Sim<number> {
    const done: IoptArea[] = []
    for (const area of this.areas) {
      if (!area.pages) continue
      const ret = yield* fillDomain(area, area.pages, domain)
      if (!ret) {
        done.push(area)
        continue
      }
      for (const other of done) yield* unfillDomain(other, other.pages!, domain)
      return ret
    }
    return 0
  }

  *removeDomain(domain: iommu_domain): Sim {
    yield* writeLock(this.domainsLock)
    yield* writeLock(this.iovaLock)
    if (this.domains.includes(domain)) {
      for (const area of this.areas)
        if (area.pages) yield* unfillDomain(area, area.pages, domain)
      this.domains.splice(this.domains.indexOf(domain), 1)
      this.unreserve(domain)
      this.realign()
    } else complain('no-domain', 'iopt_table_remove_domain', domain)
    upWrite(this.iovaLock)
    upWrite(this.domainsLock)
  }
}
