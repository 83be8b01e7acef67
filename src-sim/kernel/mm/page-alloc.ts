import { PAGE_SIZE, type PhysAddr } from '../../base/units'
import { machine, now } from '../../engine/current'
import type { RawStack } from '../../engine/finding'
import { hidden } from '../../engine/object'
import * as ev from '../../trace/events'
import { emit } from '../emit'
import { takeStack } from '../report'
import { kernelFunction } from '../sched/schedule'
import { faultInjection } from './fault-injection'
import {
  headOf, pageMap, pagesOf, pfnToPage, PG, physOf, PIN_BIAS, testFlag, type page,
} from './page'
import { pgmapPageIdle } from './pgmap'
import { physicalMemory } from './physical'
import { slab, type Allocation } from './slab'

/** How an allocation shows in the lists of memory: not from any cache. */
export const PAGE_CACHE_NAME = 'page'

export interface PageRequest {
  order: number
  zero: boolean
  /** One folio rather than so many pages (__GFP_COMP). */
  compound: boolean
}

/** 2^order pages for kernel code, which is held to account for them; null without memory. */
export function allocPages(request: PageRequest): page | null {
  const m = machine()
  const inside = kernelFunction('alloc_pages')
  if (faultInjection(m).shouldFail('alloc_pages')) {
    emit(ev.alloc_fail, inside, PAGE_SIZE << request.order, true)
    return null
  }
  const first = takeFrames(request)
  if (first === null) {
    emit(ev.alloc_fail, inside, PAGE_SIZE << request.order, false)
    return null
  }
  first.$record = recordOf(first, request.order, takeStack(m, now.exec, inside), null)
  slab(m).live.add(first.$record)
  emit(ev.mm_page_alloc, first, first.$pfn, request.order, '')
  return first
}

const recordOf = (
  p: page, order: number, allocated: RawStack, freed: RawStack | null,
): Allocation => ({
  object: p,
  address: 0x8_8800_0000_0000 + physOf(p),
  bytes: PAGE_SIZE << order,
  cache: PAGE_CACHE_NAME,
  pages: 1 << order,
  physical: physOf(p),
  allocated,
  freed,
  module: '',
})

/** The frames alone: for pages that belong to programs. */
export function takeFrames({ order, zero, compound }: PageRequest): page | null {
  const memory = physicalMemory(machine())
  const count = 1 << order
  const at = memory.allocPages(count, count)
  if (at === null) return null
  if (!zero) memory.view(at, count * PAGE_SIZE)!.fill(0xcc)
  const first = at / PAGE_SIZE
  for (let i = 0; i < count; i++) renew(pfnToPage(first + i))
  const head = pfnToPage(first)
  head.$order = order
  if (compound && order > 0) {
    head.flags |= 1 << PG.head
    for (let i = 1; i < count; i++) pfnToPage(first + i).$head = head
  }
  return head
}

/** A zeroed page for a program; null without memory. */
export const takeZeroed = (): page | null => takeFrames({ order: 0, zero: true, compound: false })

function renew(p: page): void {
  p.flags = 0
  p.index = 0
  p.mapping = null
  p.private = 0
  p.$refs = 1
  p.$mapcount = 0
  p.$head = null
  p.$order = 0
  p.$pins = 0
  p.$isAnon = false
  p.$exclusive = false
  p.$views = null
  p.$record = null
}

export function getPage(p: page, count = 1): void {
  headOf(p).$refs += count
}

/** Not when the page is free: false. */
export function tryGetPage(p: page, count = 1): boolean {
  const head = headOf(p)
  if (head.$refs <= 0) return false
  head.$refs += count
  return true
}

/** One reference less; the last one frees. Device memory goes back to its owner instead. */
export function putPage(p: page, count = 1): void {
  const head = headOf(p)
  if (head.$refs <= 0) {
    slab(machine()).on.badFree.emit(head, head.$record)
    return
  }
  head.$refs -= count
  if (head.pgmap !== null) pgmapPageIdle(head)
  else if (head.$refs === 0) releaseFrames(head)
}

function releaseFrames(head: page): void {
  const m = machine()
  const count = pagesOf(head)
  const record = head.$record
  emit(ev.mm_page_free, head, head.$pfn, head.$order)
  if (record !== null && record.freed === null) {
    slab(m).on.free.emit(record)
    record.freed = takeStack(m, now.exec, kernelFunction('__free_pages'))
    slab(m).live.delete(record)
  }
  poison(head, record)
  for (let i = 0; i < count; i++) {
    const p = pfnToPage(head.$pfn + i)
    p.$refs = 0
    p.$head = null
  }
  physicalMemory(m).freePages(physOf(head), count)
}

/** From now on every use of an address of these pages is one of freed memory. */
function poison(head: page, record: Allocation | null): void {
  if (!slab(machine()).poison) return
  const freed = record ?? programPage(head)
  for (const view of head.$views ?? []) hidden(view).$dead = freed
}

/** What there is to say about a freed page that was a program's. */
function programPage(p: page): Allocation {
  const stack = takeStack(machine(), now.exec, kernelFunction('__free_pages'))
  return (p.$record = recordOf(p, 0, stack, stack))
}

/** `__free_pages`: for what is not compound, the other pages go with the first. */
export function freePages(p: page, _order: number): void {
  putPage(p)
}

/** 2^order pages become as many single ones, each with a count of its own. */
export function splitPage(p: page, order: number): void {
  p.$order = 0
  if (p.$record) p.$record.bytes = PAGE_SIZE
  for (let i = 1; i < 1 << order; i++) {
    const other = pfnToPage(p.$pfn + i)
    renew(other)
  }
}

/** The page behind an address that the kernel got from the page allocator, freed by it. */
export function freeAddress(address: Uint8Array): void {
  const at = physicalMemory(machine()).addressOf(address)
  const p = at === null ? null : pageMap(machine()).known(Math.floor(at / PAGE_SIZE))
  const mark = hidden(address).$dead as Partial<Allocation> | undefined
  const dead = mark?.object === undefined ? undefined : (mark as Allocation)
  if (dead !== undefined || p === null || p.$refs <= 0)
    slab(machine()).on.badFree.emit(dead?.object ?? address, dead ?? null)
  else putPage(p)
}

/** Whether a page may be used for DMA by somebody: false means surely not. */
export function maybePinned(p: page): boolean {
  const head = headOf(p)
  return head.$order > 0 && testFlag(head, PG.head) ? head.$pins > 0 : head.$refs >= PIN_BIAS
}

/** `count` DMA pins. The page of zeros needs none. */
export function pinPage(p: page, count = 1): void {
  const head = headOf(p)
  if (p === pageMap(machine()).zero) return
  if (head.$order > 0 && testFlag(head, PG.head)) {
    head.$pins += count
    head.$refs += count
  } else head.$refs += count * PIN_BIAS
}

export function unpinPage(p: page, count = 1): void {
  const head = headOf(p)
  if (p === pageMap(machine()).zero) return
  if (head.$order > 0 && testFlag(head, PG.head)) {
    head.$pins -= count
    putPage(head, count)
  } else putPage(head, count * PIN_BIAS)
}

/** The kernel's address of physical memory, up to the end of its page; null where no memory is. */
export function physToVirt(at: PhysAddr): Uint8Array | null {
  const view = physicalMemory(machine()).view(at, PAGE_SIZE - (at % PAGE_SIZE))
  const free = view === null || !slab(machine()).poison ? null : freedPageAt(at)
  if (free !== null) hidden(view!).$dead = free.$record
  return view
}

/** What the CPU or a device touches that is free: the page's last allocation, or null. */
export function freedPageAt(at: PhysAddr): page | null {
  const p = pageMap(machine()).known(Math.floor(at / PAGE_SIZE))
  return p !== null && p.$refs === 0 && p.$record !== null ? p : null
}

