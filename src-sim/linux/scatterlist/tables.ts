import { PAGE_SIZE } from '../../base/units'
import { machine } from '../../engine/current'
import { scatterlist, sg_table } from '../../kernel/dma/sg'
import { physOf } from '../../kernel/mm/page'
import { mightAlloc } from '../../kernel/locking/fs-reclaim'
import { faultInjection } from '../../kernel/mm/fault-injection'
import { warn } from '../../kernel/printk/warn'
import { EINVAL, ENOMEM } from '../errno'
import { __free_page, alloc_page, type page } from '../gfp'
import { sg_init_table, sg_set_page } from '../scatterlist'
import type { gfp_t, ptr } from '../types'

/** Lists with memory of their own. Part of `linux/scatterlist`. */

/** Makes a table of `nents` empty entries. 0, -EINVAL, -ENOMEM. Pair: `sg_free_table`. */
export function sg_alloc_table(table: sg_table, nents: number, gfp_mask: gfp_t): number {
  table.sgl = []
  table.nents = table.orig_nents = 0
  if (nents === 0) return -EINVAL
  mightAlloc('sg_alloc_table', gfp_mask)
  if (faultInjection(machine()).shouldFail('sg_alloc_table')) return -ENOMEM
  table.sgl = Array.from({ length: nents }, () => new scatterlist())
  sg_init_table(table.sgl, nents)
  table.nents = table.orig_nents = nents
  return 0
}
/** The list goes; the pages in it are the caller's. */
export function sg_free_table(table: sg_table): void {
  table.sgl = []
  table.nents = table.orig_nents = 0
}
;(sg_free_table as { $freely?: true }).$freely = true

interface Piece {
  page: page
  offset: number
  length: number
}

/** Pages that follow each other in memory are one piece, up to a limit. */
function piecesOf(
  pages: readonly page[], offset: number, size: number, longest: number,
): Piece[] {
  const pieces: Piece[] = []
  let left = size
  let end = -1
  for (const [i, page] of pages.entries()) {
    const from = i === 0 ? offset : 0
    const length = Math.min(left, PAGE_SIZE - from)
    const last = pieces.at(-1)
    const at = physOf(page) + from
    if (last && at === end && last.length + length <= longest) last.length += length
    else pieces.push({ page, offset: from, length })
    end = at + length
    left -= length
  }
  return pieces
}

/**
 * A table of `n_pages` pages, `size` bytes from `offset` of the first; neighbours share an entry
 * of at most `max_segment` bytes. 0, -EINVAL, -ENOMEM.
 */
export function sg_alloc_table_from_pages_segment(
  sgt: sg_table, pages: page[], n_pages: number, offset: number, size: number,
  max_segment: number, gfp_mask: gfp_t,
): number {
  const longest = Math.floor(max_segment / PAGE_SIZE) * PAGE_SIZE
  if (longest < PAGE_SIZE) {
    warn(machine(), 'sg-max-segment', 'lib/scatterlist.c at sg_alloc_append_table_from_pages', null)
    return -EINVAL
  }
  const pieces = piecesOf(pages.slice(0, n_pages), offset, size, longest)
  const ret = sg_alloc_table(sgt, pieces.length, gfp_mask)
  if (ret) return ret
  for (const [i, piece] of pieces.entries())
    sg_set_page(sgt.sgl[i]!, piece.page, piece.length, piece.offset)
  return 0
}

const UINT_MAX = 0xffffffff

/** The same without a limit of its own. */
export function sg_alloc_table_from_pages(
  sgt: sg_table, pages: page[], n_pages: number, offset: number, size: number, gfp_mask: gfp_t,
): number {
  return sg_alloc_table_from_pages_segment(sgt, pages, n_pages, offset, size, UINT_MAX, gfp_mask)
}

/** A list with pages for `length` bytes; how many entries goes to `nent_p`. Pair: `sgl_free`. */
export function sgl_alloc(
  length: number, gfp: gfp_t, nent_p: ptr<number> | null,
): scatterlist[] | null {
  const count = Math.ceil(length / PAGE_SIZE)
  const list = Array.from({ length: count }, () => new scatterlist())
  sg_init_table(list, count)
  for (const [i, sg] of list.entries()) {
    const page = alloc_page(gfp)
    if (page === null) {
      sgl_free(list.slice(0, i))
      return null
    }
    sg_set_page(sg, page, Math.min(PAGE_SIZE, length - i * PAGE_SIZE), 0)
  }
  if (nent_p) nent_p.value = count
  return list
}
export function sgl_free(sgl: scatterlist[]): void {
  for (const sg of sgl) if (sg.$base) __free_page(sg.$base as page)
}
