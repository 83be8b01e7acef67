import { PAGE_SHIFT } from '../../base/units'
import type { page } from './page'

/**
 * What a present entry shows: a page that is counted (`page`), the page of zeros, or a frame that
 * is none of the memory manager's business (`special`). An entry that is not present may stand for
 * a page elsewhere: with a device, reserved for a device's atomic accesses, on its way, or broken.
 */
export type PteKind =
  | 'page' | 'zero' | 'special' | 'device-private' | 'device-exclusive' | 'migration' | 'hwpoison'

/** One entry of the page tables. */
export interface Pte {
  kind: PteKind
  pfn: number
  /** The page it counts for; null for the page of zeros and for special entries. */
  page: page | null
  /** May be read now; false under PROT_NONE. */
  read: boolean
  /** May be written without a fault. For entries that are not present: would be. */
  write: boolean
  dirty: boolean
  softDirty: boolean
  young: boolean
}

export const isPresent = (pte: Pte): boolean =>
  pte.kind === 'page' || pte.kind === 'zero' || pte.kind === 'special'

/** Address bits that one upper-level entry covers: a page table, and a table of those tables. */
const PMD_SHIFT = 21
const PUD_SHIFT = 30
const TABLE = 2 ** (PMD_SHIFT - PAGE_SHIFT)
const PUD_BYTES = 2 ** PUD_SHIFT

export const pageNumber = (address: number): number => Math.floor(address / 2 ** PAGE_SHIFT)

/**
 * The page tables of an address space: entries by page number, in leaf tables of 512. Upper levels
 * stay once they were filled, until no mapping is left under them.
 */
export class PageTable {
  readonly #leaves = new Map<number, Map<number, Pte>>()
  readonly #uppers = new Set<number>()

  get(page: number): Pte | null {
    return this.#leaves.get(Math.floor(page / TABLE))?.get(page) ?? null
  }

  set(page: number, pte: Pte): void {
    const leaf = Math.floor(page / TABLE)
    let table = this.#leaves.get(leaf)
    if (!table) {
      this.#leaves.set(leaf, (table = new Map()))
      this.#uppers.add(Math.floor((leaf * TABLE) / (PUD_BYTES / 4096)))
    }
    table.set(page, pte)
  }

  delete(page: number): void {
    this.#leaves.get(Math.floor(page / TABLE))?.delete(page)
  }

  /** Entries of [from, to) in the order of their addresses. */
  entries(from: number, to: number): [page: number, pte: Pte][] {
    const found: [number, Pte][] = []
    for (const table of this.#leaves.values())
      for (const item of table) if (item[0] >= from && item[0] < to) found.push(item)
    return found.sort((a, b) => a[0] - b[0])
  }

  /** Whether there is a leaf table for a page: the middle level is not empty there. */
  hasLeaf(page: number): boolean {
    return this.#leaves.has(Math.floor(page / TABLE))
  }

  /** The first address of [start, end) whose upper level has a table; null when none has. */
  firstUpper(start: number, end: number): number | null {
    let first: number | null = null
    for (const upper of this.#uppers) {
      const from = upper * PUD_BYTES
      if (from >= end || from + PUD_BYTES <= start) continue
      const at = Math.max(start, from)
      if (first === null || at < first) first = at
    }
    return first
  }

  /** Drops the tables of [floor, ceiling), where no mapping is left. */
  free(floor: number, ceiling: number): void {
    const bytes = 2 ** PMD_SHIFT
    for (const leaf of [...this.#leaves.keys()])
      if (leaf * bytes >= floor && (leaf + 1) * bytes <= ceiling) this.#leaves.delete(leaf)
    for (const upper of [...this.#uppers])
      if (upper * PUD_BYTES >= floor && (upper + 1) * PUD_BYTES <= ceiling) this.#uppers.delete(upper)
  }
}
