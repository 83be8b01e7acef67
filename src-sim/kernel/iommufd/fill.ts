import { PAGE_SIZE } from '../../base/units'
import type { Sim } from '../../engine/suspend'
import { IOMMU_CACHE, IOMMU_MMIO, type iommu_domain } from '../iommu/domain'
import { mapRange, unmapRange } from '../iommu/map'
import type { IoptArea } from './area'
import { complain } from './complain'
import type { IoptPages } from './pages'

/** Putting the pages of areas into the tables of domains, and taking them out. */

interface Run {
  iova: number
  phys: number
  length: number
}

/** Pages that lie together, as one stretch each; null when nothing is there to map. */
function runsOf(area: IoptArea, pages: IoptPages): Run[] | null {
  const runs: Run[] = []
  const huge = area.iopt.hugePages
  let iova = area.start
  for (let i = 0; i < area.pageCount; i++) {
    const base = pages.physAt(area.firstPage + i)
    if (base === null) return null
    const offset = i === 0 ? area.pageOffset : 0
    const length = Math.min(PAGE_SIZE - offset, area.end - iova)
    const phys = base + offset
    const last = runs.at(-1)
    if (huge && last && last.phys + last.length === phys) last.length += length
    else runs.push({ iova, phys, length })
    iova += length
  }
  return runs
}

/** Maps one area for one domain, pinning what nobody has pinned yet. 0, or -errno and nothing. */
export function* fillDomain(area: IoptArea, pages: IoptPages, domain: iommu_domain): Sim<number> {
  const held = yield* pages.hold(area.firstPage, area.pageCount)
  if (held) return held
  const mmio = pages.source.kind === 'dma-buf'
  const prot = mmio ? (area.prot & ~IOMMU_CACHE) | IOMMU_MMIO : area.prot
  let mapped = 0
  for (const { iova, phys, length } of runsOf(area, pages) ?? []) {
    const ret = yield* mapRange(domain, iova, phys, length, prot)
    if (!ret) {
      mapped += length
      continue
    }
    if (mapped > 0) yield* unmapRange(domain, area.start, mapped)
    yield* pages.letGo(area.firstPage, area.pageCount)
    return ret
  }
  area.domains.add(domain)
  pages.source.mapped?.(area, true)
  return 0
}

/** The device reaches nothing of it any more; then the pages may go (IOMMUFD-09). */
export function* unfillDomain(area: IoptArea, pages: IoptPages, domain: iommu_domain): Sim {
  if (!area.domains.delete(domain)) return
  yield* unmapArea(area, pages, domain)
  if (area.domains.size === 0) pages.source.mapped?.(area, false)
  yield* pages.letGo(area.firstPage, area.pageCount)
}

function* unmapArea(area: IoptArea, pages: IoptPages, domain: iommu_domain): Sim {
  if (runsOf(area, pages) === null) return
  const done = yield* unmapRange(domain, area.start, area.length)
  if (done !== area.length) complain('unmap', 'iommu_unmap_nofail', domain)
}

/** The same for all domains of a table, or none. */
export function* fillDomains(area: IoptArea, pages: IoptPages): Sim<number> {
  for (const domain of area.iopt.domains) {
    const ret = yield* fillDomain(area, pages, domain)
    if (!ret) continue
    yield* unfillDomains(area, pages)
    return ret
  }
  return 0
}

export function* unfillDomains(area: IoptArea, pages: IoptPages): Sim {
  for (const domain of [...area.domains]) yield* unfillDomain(area, pages, domain)
}

/** What was lent is taken back: the tables of all domains lose it, the area stays (IOMMUFD-15). */
export function* revokeArea(area: IoptArea, pages: IoptPages): Sim {
  for (const domain of area.domains) yield* unmapArea(area, pages, domain)
}
