import { PAGE_SIZE } from '../../base/units'
import { machine } from '../../engine/current'
import { KernelObject } from '../../engine/object'
import type { Sim } from '../../engine/suspend'
import { EINVAL, ENOMEM, EOVERFLOW } from '../errno'
import { faultInjection } from '../mm/fault-injection'
import { mmDrop, mmGrab, type mm_struct } from '../mm/mm-struct'
import { physOf, type page } from '../mm/page'
import { defineMutex, mutexUnlock } from '../locking/mutex'
import type { IoptArea } from './area'
import { account, accountFor, type Account } from './account'
import type { AccountMode } from './objects'
import { overflows, SPACE_END } from './ranges'
import { takeMutex } from './lock'

/** Where pages come from: drivers/iommu/iommufd/pages.c. */
export interface PageSource {
  readonly kind: 'user' | 'file' | 'dma-buf'
  /** Pins pages for long. They, or -errno: then none. */
  pin(first: number, count: number, write: boolean): Sim<page[] | number>
  /** Gives pinned pages back; they were perhaps written. */
  unpin(pages: readonly page[], dirty: boolean): Sim
  /** The physical address of a page that needs no pin; null when nothing is there (any more). */
  fixed?(index: number): number | null
  /** An area has it in the tables of devices, or no longer. */
  mapped?(area: IoptArea, there: boolean): void
  release?(): Sim
}

interface Held {
  page: page
  users: number
}

/**
 * Memory that areas have slices of. However many domains and drivers use a page, it is pinned once,
 * and only while somebody does (IOMMUFD-07).
 */
export class IoptPages extends KernelObject {
  readonly $type = 'iopt_pages'
  readonly source: PageSource
  /** Where its first page is for whoever maps it: that alignment is kept. */
  readonly address: number
  readonly length: number
  readonly writable: boolean
  mm: mm_struct
  by: Account
  readonly lock = defineMutex('&pages->mutex')
  readonly #held = new Map<number, Held>()
  #users = 1

  constructor(init: {
    source: PageSource, address: number, length: number, writable: boolean, mm: mm_struct,
    by: Account,
  }) {
    super()
    this.source = init.source
    this.address = init.address - (init.address % PAGE_SIZE)
    this.length = init.length
    this.writable = init.writable
    this.mm = init.mm
    this.by = init.by
    mmGrab(this.mm)
  }

  /** Pages that are pinned just now. */
  get pinned(): number {
    return this.#held.size
  }

  get(): this {
    this.#users++
    return this
  }

  *put(): Sim {
    if (--this.#users > 0) return
    yield* this.source.release?.() ?? nothing()
    mmDrop(this.mm)
  }

  /** One more user of a stretch of pages: what nobody has yet is pinned, and paid for. */
  *hold(first: number, count: number): Sim<number> {
    if (this.source.fixed) return 0
    yield* takeMutex(this.lock)
    const ret = yield* this.#pinMissing(first, count)
    if (!ret) for (let i = first; i < first + count; i++) this.#held.get(i)!.users++
    mutexUnlock(this.lock)
    return ret
  }

  *#pinMissing(first: number, count: number): Sim<number> {
    const fresh: number[] = []
    let ret = 0
    for (let i = first; i < first + count && !ret; ) {
      let end = i
      while (end < first + count && !this.#held.has(end)) end++
      if (end > i) ret = yield* this.#pin(i, end - i, fresh)
      i = Math.max(end, i + 1)
    }
    if (!ret && this.source.kind !== 'dma-buf') ret = account(this.mm, this.by, fresh.length)
    if (ret) yield* this.#unpin(fresh)
    return ret
  }

  *#pin(first: number, count: number, fresh: number[]): Sim<number> {
    if (faultInjection(machine()).shouldFail('iopt_pages_pin')) return -ENOMEM
    const pages = yield* this.source.pin(first, count, this.writable)
    if (typeof pages === 'number') return pages
    for (const [at, page] of pages.entries()) {
      this.#held.set(first + at, { page, users: 0 })
      fresh.push(first + at)
    }
    return 0
  }

  *#unpin(indexes: readonly number[]): Sim {
    const pages = indexes.map((i) => this.#held.get(i)!.page)
    for (const i of indexes) this.#held.delete(i)
    if (pages.length > 0) yield* this.source.unpin(pages, this.writable)
  }

  /** One user less of each page; those without any are given back. */
  *letGo(first: number, count: number): Sim {
    if (this.source.fixed) return
    yield* takeMutex(this.lock)
    const free: number[] = []
    for (let i = first; i < first + count; i++) {
      const held = this.#held.get(i)!
      if (--held.users === 0) free.push(i)
    }
    yield* this.#unpin(free)
    account(this.mm, this.by, -free.length)
    mutexUnlock(this.lock)
  }

  /** The page that is held at an index. */
  pageAt(index: number): page {
    return this.#held.get(index)!.page
  }

  /** Where a page is; null when there is nothing to map. */
  physAt(index: number): number | null {
    return this.source.fixed ? this.source.fixed(index) : physOf(this.pageAt(index))
  }

  /** The pinned pages count for another process from now on. 0 or -ENOMEM. */
  moveTo(mm: mm_struct, by: Account): number {
    const ret = account(mm, by, this.pinned)
    if (ret) return ret
    account(this.mm, this.by, -this.pinned)
    mmGrab(mm)
    mmDrop(this.mm)
    this.mm = mm
    this.by = by
    return 0
  }
}

function* nothing(): Sim {}

/** Pages of whatever source, with the checks that all of them have. Or -errno. */
export function makePages(
  source: PageSource, mm: mm_struct, address: number, length: number, writable: boolean,
  mode: AccountMode,
): IoptPages | number {
  if (overflows(address, length)) return -EOVERFLOW
  if (length === 0 || length > SPACE_END - PAGE_SIZE) return -EINVAL
  if (faultInjection(machine()).shouldFail('iopt_pages')) return -ENOMEM
  return new IoptPages({ source, address, length, writable, mm, by: accountFor(mode) })
}
