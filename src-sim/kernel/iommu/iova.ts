import { machine, now } from '../../engine/current'
import { RangeCaches } from './iova-cache'

/** A stretch of page numbers that is taken. */
export interface Iova {
  lo: number
  hi: number
}

const ANCHOR = Infinity

/** Rounds up to a power of two. */
export function powerOfTwo(n: number): number {
  let p = 1
  while (p < n) p *= 2
  return p
}

/**
 * The addresses of a domain that are taken, in units of its smallest page. Free ones are searched
 * from the top down, starting where the last one was found (IOMMU-18); ends of life go through
 * caches of each CPU (IOMMU-19). drivers/iommu/iova.c.
 */
export class IovaDomain {
  readonly granule: number
  readonly startPfn: number
  readonly #below4G: number
  /** Sorted; the anchor is the end of everything. */
  readonly #taken: Iova[] = [{ lo: ANCHOR, hi: ANCHOR }]
  #cached: Iova
  #cached32: Iova
  /** The smallest size that did not fit below 4 GiB: not tried again until something is freed. */
  #max32: number
  readonly #caches: RangeCaches

  constructor(granule: number, startPfn: number) {
    this.granule = granule
    this.startPfn = Math.max(1, startPfn)
    this.#below4G = 2 ** 32 / granule
    this.#max32 = this.#below4G
    this.#cached = this.#cached32 = this.#taken[0]!
    this.#caches = new RangeCaches((pfn) => this.#free(pfn))
  }

  /** Never handed out from now on. */
  reserve(lo: number, hi: number): void {
    const taken = this.#taken
    let at = this.#indexAbove(lo)
    const overlapping: Iova[] = []
    if (at > 0 && taken[at - 1]!.hi >= lo) overlapping.push(taken[--at]!)
    for (let i = at + overlapping.length; taken[i]!.lo <= hi; i++) overlapping.push(taken[i]!)
    const first = Math.min(lo, ...overlapping.map((o) => o.lo))
    const end = Math.max(hi, ...overlapping.map((o) => o.hi))
    const merged = { lo: first, hi: end }
    taken.splice(at, overlapping.length, merged)
    if (overlapping.includes(this.#cached)) this.#cached = merged
    if (overlapping.includes(this.#cached32)) this.#cached32 = merged
  }

  /** `alloc_iova_fast`: the first page number, or 0. `limit` is the last one that may be used. */
  alloc(pages: number, limit: number, flushCaches: boolean): number {
    const size = pages < 32 ? powerOfTwo(pages) : pages
    const cpu = now.cpu?.id ?? 0
    const cached = this.#caches.take(cpu, size, limit + 1 - size)
    if (cached) return cached
    const fresh = this.#allocRange(size, limit + 1)
    if (fresh || !flushCaches) return fresh
    this.#caches.flush()
    return this.#allocRange(size, limit + 1)
  }

  /** `free_iova_fast`: the size decides which cache it goes to, right or wrong. */
  free(pfn: number, pages: number): void {
    if (!this.#caches.put(now.cpu?.id ?? 0, pages, pfn)) this.#free(pfn)
  }

  /** Nobody has it just now, in caches or out of them. */
  isTaken(pfn: number): boolean {
    return this.#find(pfn) !== null
  }

  stop(): void {
    this.#caches.stop(machine())
  }

  #find(pfn: number): Iova | null {
    const at = this.#indexAbove(pfn) - 1
    const found = this.#taken[at]
    return found && pfn <= found.hi ? found : null
  }

  /** Index of the first one that begins above `pfn`. */
  #indexAbove(pfn: number): number {
    let [lo, hi] = [0, this.#taken.length - 1]
    while (lo < hi) {
      const mid = (lo + hi) >> 1
      if (this.#taken[mid]!.lo > pfn) hi = mid
      else lo = mid + 1
    }
    return lo
  }

  /** Top down from the last place found; once more from the limit when nothing is left below. */
  #allocRange(size: number, limit: number): number {
    const low32 = limit <= this.#below4G
    if (low32 && size >= this.#max32) return 0
    const from = low32 ? this.#cached32 : this.#cached
    const align = powerOfTwo(size)
    const found =
      this.#searchDown(size, align, limit, this.#taken.indexOf(from), this.startPfn) ??
      (from.hi < limit
        ? this.#searchDown(size, align, limit, this.#limitIndex(limit), from.hi + 1)
        : null)
    if (found === null) {
      if (low32) this.#max32 = size
      return 0
    }
    const fresh = { lo: found, hi: found + size - 1 }
    this.#taken.splice(this.#indexAbove(found), 0, fresh)
    if (fresh.hi < this.#below4G) this.#cached32 = fresh
    else this.#cached = fresh
    return found
  }

  #limitIndex(limit: number): number {
    const at = this.#taken.findIndex((t) => t.lo >= limit)
    return at < 0 ? this.#taken.length - 1 : at
  }

  #searchDown(size: number, align: number, limit: number, from: number, low: number): number | null {
    let high = limit
    for (let at = from; ; at--) {
      high = Math.min(high, this.#taken[at]!.lo)
      const start = Math.floor((high - size) / align) * align
      if (high < size || start < low) return null
      const below = this.#taken[at - 1]
      if (!below || start > below.hi) return start
    }
  }

  #free(pfn: number): void {
    const iova = this.#find(pfn)
    if (!iova) return
    const at = this.#taken.indexOf(iova)
    const next = this.#taken[at + 1]!
    const is32 = iova.hi < this.#below4G
    if (iova === this.#cached32 || (is32 && iova.lo >= this.#cached32.lo)) this.#cached32 = next
    if (iova.lo < this.#below4G) this.#max32 = this.#below4G
    if (iova.lo >= this.#cached.lo) this.#cached = next
    this.#taken.splice(at, 1)
  }
}
