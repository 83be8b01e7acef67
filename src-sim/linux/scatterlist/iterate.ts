import { PAGE_SIZE } from '../../base/units'
import { KernelObject } from '../../engine/object'
import { quiet } from '../../kernel/api'
import { bytesOf, entriesOf, type scatterlist, type sg_table, type SgList } from '../../kernel/dma/sg'
import { pageOfAddress, pfnToPage } from '../../kernel/mm/page'
import type { page } from '../gfp'
import type { dma_addr_t } from '../types'

/** Walking over lists page by page and byte by byte. Part of `linux/scatterlist`. */

/** Where a walk over the pages of a list is. */
export class sg_page_iter extends KernelObject {
  sg: scatterlist | null = null
  sg_pgoffset = 0
}
/** The same for the pages as the device sees them. */
export class sg_dma_page_iter extends KernelObject {
  base = new sg_page_iter()
}

function stops(entries: readonly scatterlist[], lengthOf: (sg: scatterlist) => number) {
  return entries.flatMap((sg) => {
    const count = Math.ceil((sg.offset + lengthOf(sg)) / PAGE_SIZE)
    return Array.from({ length: count }, (_, i) => ({ sg, i }))
  })
}

function walk(entries: readonly scatterlist[], pgoffset: number): sg_page_iter[] {
  return stops(entries, (sg) => sg.length).slice(pgoffset).map(({ sg, i }) => {
    const at = new sg_page_iter()
    at.sg = sg
    at.sg_pgoffset = i
    return at
  })
}

function walkDma(entries: readonly scatterlist[], pgoffset: number): sg_dma_page_iter[] {
  const pages = entries.flatMap((sg) =>
    Array.from({ length: Math.ceil(sg.dma_length / PAGE_SIZE) }, (_, i) => ({ sg, i })),
  )
  return pages.slice(pgoffset).map(({ sg, i }) => {
    const at = new sg_dma_page_iter()
    at.base.sg = sg
    at.base.sg_pgoffset = i
    return at
  })
}

/** The pages of the first `nents` entries, from the `pgoffset`th on. */
export const for_each_sg_page = quiet(
  (sglist: SgList, nents: number, pgoffset: number): sg_page_iter[] =>
    walk(entriesOf(sglist, nents), pgoffset),
)
export const for_each_sgtable_page = quiet(
  (sgt: sg_table, pgoffset: number): sg_page_iter[] =>
    walk(entriesOf(sgt.sgl, sgt.orig_nents), pgoffset),
)
/** The same of the segments of a mapped list. */
export const for_each_sg_dma_page = quiet(
  (sglist: SgList, dma_nents: number, pgoffset: number): sg_dma_page_iter[] =>
    walkDma(entriesOf(sglist, dma_nents), pgoffset),
)
export const for_each_sgtable_dma_page = quiet(
  (sgt: sg_table, pgoffset: number): sg_dma_page_iter[] =>
    walkDma(entriesOf(sgt.sgl, sgt.nents), pgoffset),
)

export const sg_page_iter_page = quiet((piter: sg_page_iter): page | null => {
  const phys = piter.sg?.$phys
  return phys == null ? null : pfnToPage(Math.floor(phys / PAGE_SIZE) + piter.sg_pgoffset)
})
export const sg_page_iter_dma_address = quiet(
  (dma_iter: sg_dma_page_iter): dma_addr_t =>
    dma_iter.base.sg!.dma_address + dma_iter.base.sg_pgoffset * PAGE_SIZE,
)

export const SG_MITER_ATOMIC = 1 << 0
export const SG_MITER_TO_SG = 1 << 1
export const SG_MITER_FROM_SG = 1 << 2
export const SG_MITER_LOCAL = 1 << 3

/** A walk over the bytes of a list, a page or less at a time. */
export class sg_mapping_iter extends KernelObject {
  page: page | null = null
  /** The CPU's view of this part. */
  addr: Uint8Array | null = null
  length = 0
  /** How much of it was used; set it before the next step if it was not all. */
  consumed = 0
  /** @internal */
  $parts: Uint8Array[] = []
  /** @internal */
  $flags = 0
}

function partsOf(sg: scatterlist): Uint8Array[] {
  const bytes = bytesOf(sg)
  const parts: Uint8Array[] = []
  for (let at = 0; at < bytes.length; ) {
    const count = Math.min(bytes.length - at, PAGE_SIZE - ((sg.offset + at) % PAGE_SIZE))
    parts.push(bytes.subarray(at, at + count))
    at += count
  }
  return parts
}

/** Begins a walk. Say in `flags` which way the bytes go, and whether sleeping is allowed. */
export const sg_miter_start = quiet(
  (miter: sg_mapping_iter, sgl: SgList, nents: number, flags: number): void => {
    miter.$parts = entriesOf(sgl, nents).flatMap(partsOf)
    miter.$flags = flags
    miter.page = miter.addr = null
    miter.length = miter.consumed = 0
  },
)

/** What was not consumed of this part comes again. */
function putBack(miter: sg_mapping_iter): void {
  if (miter.addr && miter.consumed < miter.length)
    miter.$parts.unshift(miter.addr.subarray(miter.consumed))
}

/** The next part; false behind the last. */
export function sg_miter_next(miter: sg_mapping_iter): boolean {
  sg_miter_stop(miter)
  const part = miter.$parts.shift()
  if (!part) return false
  miter.addr = part
  miter.page = pageOfAddress(part)
  miter.length = miter.consumed = part.length
  return true
}

/** Passes over `offset` bytes; false when the list ends before. */
export function sg_miter_skip(miter: sg_mapping_iter, offset: number): boolean {
  sg_miter_stop(miter)
  let left = offset
  while (left > 0) {
    const part = miter.$parts[0]
    if (!part) return false
    const count = Math.min(left, part.length)
    left -= count
    if (count === part.length) miter.$parts.shift()
    else miter.$parts[0] = part.subarray(count)
  }
  return true
}

/** Ends the walk at this part; it can go on from there. */
export function sg_miter_stop(miter: sg_mapping_iter): void {
  putBack(miter)
  miter.page = miter.addr = null
  miter.length = miter.consumed = 0
}
