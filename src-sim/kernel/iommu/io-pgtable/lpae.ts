import { machine } from '../../../engine/current'
import { EEXIST, EINVAL, ENOMEM, ERANGE } from '../../errno'
import { warn } from '../../printk/warn'
import { IOMMU_READ, IOMMU_WRITE } from '../domain'
import type { iommu_iotlb_gather } from '../gather'
import { warnOnce } from '../warn-once'
import { newPage, releaseTree } from './pages'
import { IO_PGTABLE_QUIRK_NO_WARN, isTable, type LeafEntry, type PageTables, type TablePage } from './structs'

/** Mapping and unmapping in long-descriptor tables: drivers/iommu/io-pgtable-arm.c. */

const ENTRIES = 512

const warnIn = (what: string, func: string): void =>
  warn(machine(), `io-pgtable-${what}`, `drivers/iommu/io-pgtable-arm.c at ${func}`, null, {
    rules: ['IOMMU-33'],
  })

const mayWarn = (t: PageTables): boolean => (t.cfg.quirks & IO_PGTABLE_QUIRK_NO_WARN) === 0

const knows = (t: PageTables, pgsize: number): boolean => t.sizes.includes(pgsize)

const indexOf = (iova: number, size: number): number => Math.floor(iova / size) % ENTRIES

/** The bytes that one entry of the root covers: three levels of tables above the smallest page. */
const rootSpan = (t: PageTables): number => t.sizes[t.sizes.length - 1]! * ENTRIES ** 3

/** The page of entries in which a page of this size stands; made on the way when asked for. */
function descend(
  t: PageTables, iova: number, pgsize: number, make: boolean,
): TablePage | LeafEntry | number {
  let page = t.root
  for (let span = rootSpan(t); span > pgsize; span /= ENTRIES) {
    const index = indexOf(iova, span)
    let next = page.entries.get(index)
    if (!next) {
      if (!make) return 0
      const made = newPage(t.cfg, t.cookie)
      if (!made) return -ENOMEM
      page.entries.set(index, (next = made))
    }
    if (!isTable(next)) return next
    page = next
  }
  return page
}

/** 0 or -errno; `mapped.value` says how far it came, which is no further than one page of entries. */
export function mapPages(
  t: PageTables, iova: number, paddr: number, pgsize: number, pgcount: number, prot: number,
  mapped: { value: number },
): number {
  if (!knows(t, pgsize)) {
    warnIn('page-size', 'arm_lpae_map_pages')
    return -EINVAL
  }
  if (iova >= 2 ** t.cfg.ias || paddr >= 2 ** t.cfg.oas) {
    warnIn('range', 'arm_lpae_map_pages')
    return -ERANGE
  }
  if (!(prot & (IOMMU_READ | IOMMU_WRITE))) return -EINVAL
  const page = descend(t, iova, pgsize, true)
  if (typeof page === 'number') return page
  if (!isTable(page)) return occupied(t)
  const first = indexOf(iova, pgsize)
  const count = Math.min(pgcount, ENTRIES - first)
  for (let i = 0; i < count; i++) {
    const old = page.entries.get(first + i)
    if (old && !isTable(old)) return occupied(t)
    if (old && isTable(old)) takeOutTable(t, page, first + i, iova + i * pgsize, pgsize)
    page.entries.set(first + i, { phys: paddr + i * pgsize, size: pgsize, prot })
    mapped.value += pgsize
  }
  return 0
}

function occupied(t: PageTables): number {
  if (mayWarn(t)) warnIn('occupied', 'arm_lpae_init_pte')
  return -EEXIST
}

/** A table gives way: first the TLB forgets the way through it, then it is freed. */
function takeOutTable(t: PageTables, page: TablePage, index: number, iova: number, size: number): void {
  const table = page.entries.get(index) as TablePage
  page.entries.delete(index)
  const granule = t.sizes[t.sizes.length - 1]!
  machine().runtime.atomic(t.cfg.tlb?.tlb_flush_walk?.(iova, size, granule, t.cookie))
  releaseTree(t.cfg, t.cookie, table)
}

/** Bytes that are gone, up to the first hole (IOMMU-33). */
export function unmapPages(
  t: PageTables, iova: number, pgsize: number, pgcount: number, gather: iommu_iotlb_gather | null,
): number {
  if (!knows(t, pgsize) || pgcount === 0) {
    warnIn('page-size', 'arm_lpae_unmap_pages')
    return 0
  }
  if (iova >= 2 ** t.cfg.ias) {
    warnIn('range', 'arm_lpae_unmap_pages')
    return 0
  }
  const page = descend(t, iova, pgsize, false)
  if (page === 0 || typeof page === 'number') return hole(t)
  if (!isTable(page)) return partial()
  const first = indexOf(iova, pgsize)
  const count = Math.min(pgcount, ENTRIES - first)
  let done = 0
  while (done < count) {
    const entry = page.entries.get(first + done)
    if (!entry) {
      hole(t)
      break
    }
    const at = iova + done * pgsize
    if (isTable(entry)) takeOutTable(t, page, first + done, at, pgsize)
    else {
      page.entries.delete(first + done)
      if (gather && !gather.queued)
        machine().runtime.atomic(t.cfg.tlb?.tlb_add_page?.(gather, at, pgsize, t.cookie))
    }
    done++
  }
  return done * pgsize
}

function hole(t: PageTables): number {
  if (mayWarn(t)) warnIn('hole', '__arm_lpae_unmap')
  return 0
}

function partial(): number {
  const text = 'Unmap of a partial large IOPTE is not allowed'
  warnOnce('partial-iopte', 'drivers/iommu/io-pgtable-arm.c at __arm_lpae_unmap', 'IOMMU-17', text)
  return 0
}

/** The leaf that an address lies in. */
export function lookUp(t: PageTables, iova: number): LeafEntry | null {
  let page = t.root
  for (let span = rootSpan(t); span >= 1; span /= ENTRIES) {
    const entry = page.entries.get(indexOf(iova, span))
    if (!entry) return null
    if (!isTable(entry)) return entry
    page = entry
  }
  return null
}

export function toPhys(t: PageTables, iova: number): number {
  const leaf = lookUp(t, iova)
  return leaf ? leaf.phys + (iova % leaf.size) : 0
}

