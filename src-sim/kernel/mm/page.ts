import { PAGE_SIZE, type PhysAddr } from '../../base/units'
import { machine } from '../../engine/current'
import type { Machine } from '../../engine/machine'
import { hidden, KernelObject } from '../../engine/object'
import { service } from '../../engine/service'
import { list_head } from '../locking/list'
import type { address_space } from './address-space'
import type { dev_pagemap } from './pgmap'
import { physicalMemory } from './physical'
import type { Allocation } from './slab'

/** Numbers of the bits in `page.flags`. */
export const PG = {
  locked: 0,
  writeback: 1,
  referenced: 2,
  uptodate: 3,
  dirty: 4,
  lru: 5,
  head: 6,
  active: 8,
  private: 11,
  reserved: 13,
  swapbacked: 17,
  unevictable: 18,
  mlocked: 19,
  hwpoison: 20,
} as const

/** What one DMA pin adds to the count of a small page; large ones count pins by themselves. */
export const PIN_BIAS = 1024

/**
 * One frame of memory, or of a device that has such descriptors (`pgmap`). There is one for each
 * frame, made when somebody first asks. The first page of a compound one stands for all of it: it
 * has the count, and is the folio.
 */
export class page extends KernelObject {
  flags = 0
  /** Its number within the file that it belongs to. */
  index = 0
  mapping: address_space | null = null
  private: any = 0
  /** For device memory: whose it is. */
  pgmap: dev_pagemap | null = null
  zone_device_data: any = null
  /** @internal */
  readonly $pfn: number
  /** @internal References; 0 = free. */
  $refs = 0
  /** @internal Entries of page tables that show it. */
  $mapcount = 0
  /** @internal The page that stands for it, when it is not the first of a compound one. */
  $head: page | null = null
  /** @internal The allocation has 2^order pages. */
  $order = 0
  /** @internal DMA pins of a large folio. */
  $pins = 0
  /** @internal It belongs to private mappings, and (exclusive) to a single one. */
  $isAnon = false
  /** @internal */
  $exclusive = false
  /** @internal The addresses that were given out for it, to be poisoned when it is freed. */
  $views: Uint8Array[] | null = null
  /** @internal Its latest allocation by kernel code. */
  $record: Allocation | null = null
  #lru: list_head | null = null

  constructor(pfn: number) {
    super()
    this.$pfn = pfn
  }

  /** Free for its owner to put the page on a list. */
  get lru(): list_head {
    if (this.#lru === null) {
      this.#lru = new list_head()
      hidden(this.#lru).$parent = this
      hidden(this.#lru).$field = 'lru'
    }
    return this.#lru
  }

  /** `folio->page`: the first page of a folio is the folio. */
  get page(): page {
    return this
  }

  /** @internal */
  get $label(): string {
    return `pfn 0x${this.$pfn.toString(16)}`
  }
}

/** A folio is known by its first page. */
export type folio = page

/** The descriptors of all frames that somebody has asked about. */
export class PageMap {
  readonly #pages = new Map<number, page>()
  /** The page of zeros that untouched memory shows. */
  #zero: page | null = null
  readonly #machine: Machine

  constructor(machine: Machine) {
    this.#machine = machine
  }

  /** Memory that was handed out in some other way (kmalloc, say) counts as held once. */
  of(pfn: number): page {
    let found = this.#pages.get(pfn)
    if (!found) {
      this.#pages.set(pfn, (found = new page(pfn)))
      found.$refs = 1
      if (!this.isRam(pfn)) found.flags |= 1 << PG.reserved
    }
    return found
  }

  known(pfn: number): page | null {
    return this.#pages.get(pfn) ?? null
  }

  /** Device memory gets descriptors, or loses them. */
  put(descriptor: page): void {
    this.#pages.set(descriptor.$pfn, descriptor)
  }

  forget(pfn: number): void {
    this.#pages.delete(pfn)
  }

  isRam(pfn: number): boolean {
    return physicalMemory(this.#machine).view((pfn * PAGE_SIZE) as PhysAddr, PAGE_SIZE) !== null
  }

  /** Whether there is a descriptor at all (`pfn_valid`). */
  isValid(pfn: number): boolean {
    return this.#pages.get(pfn)?.pgmap != null || this.isRam(pfn)
  }

  get zero(): page {
    if (this.#zero === null) {
      const at = physicalMemory(this.#machine).allocPages(1)
      this.#zero = this.of((at ?? 0) / PAGE_SIZE)
      this.#zero.flags |= 1 << PG.reserved
    }
    return this.#zero
  }
}

export const pageMap = service((m) => new PageMap(m))

export const pfnToPage = (pfn: number): page => pageMap(machine()).of(pfn)
export const zeroPage = (): page => pageMap(machine()).zero
export const isZeroPage = (p: page): boolean => p === pageMap(machine()).zero
export const headOf = (p: page): page => p.$head ?? p
export const physOf = (p: page): PhysAddr => (p.$pfn * PAGE_SIZE) as PhysAddr
export const pagesOf = (folio: page): number => 2 ** folio.$order

/** The bytes of one page; null for device memory that is none of RAM. */
export function bytesOf(p: page): Uint8Array | null {
  return physicalMemory(machine()).view(physOf(p), PAGE_SIZE)
}

/** The page that an address of the kernel lies in; null when it is none of RAM. */
export function pageOfAddress(address: Uint8Array): page | null {
  const at = physicalMemory(machine()).addressOf(address)
  return at === null ? null : pfnToPage(Math.floor(at / PAGE_SIZE))
}

/**
 * The kernel's address of a page: as many bytes as its allocation has from there on, or so many. It
 * is the same each time, and freeing the page makes all uses of it findings.
 */
export function pageAddress(p: page, bytes = 0): Uint8Array {
  const head = headOf(p)
  const at = physOf(p)
  const memory = physicalMemory(machine())
  const length = bytes || (pagesOf(head) - (p.$pfn - head.$pfn)) * PAGE_SIZE
  const views = (head.$views ??= [])
  const known = views.find((view) => view.length === length && memory.addressOf(view) === at)
  if (known) return known
  const view = memory.view(at, length) ?? new Uint8Array(length)
  if (p === head && head.$record !== null) hidden(view).$alloc = head.$record
  if (head.$refs === 0 && head.$record?.freed) hidden(view).$dead = head.$record
  views.push(view)
  return view
}

export const testFlag = (p: page, bit: number): boolean => (p.flags & (1 << bit)) !== 0
export const setFlag = (p: page, bit: number): void => void (p.flags |= 1 << bit)
export const clearFlag = (p: page, bit: number): void => void (p.flags &= ~(1 << bit))
