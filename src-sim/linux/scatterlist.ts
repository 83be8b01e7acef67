import { physicalMemory } from '../kernel/mm/physical'
import { machine } from '../engine/current'
import { quiet } from '../kernel/api'
import { bytesOf, entriesOf, firstOf, nextOf, scatterlist, sg_table, type SgList } from '../kernel/dma/sg'
import { PAGE_SIZE } from '../base/units'
import { ENOMEM } from './errno'
import { virt_to_page, type page } from './gfp'
import type { dma_addr_t, gfp_t } from './types'

/**
 * Lists of pieces of memory: `linux/scatterlist`. A list is an array of `scatterlist` that
 * `sg_init_table` has made one; a loop over it is `for (const sg of for_each_sg(sgl, nents))`.
 */
export { scatterlist, sg_table }

/** Makes a list of the first `nents` elements of an array; all are empty. */
export const sg_init_table = quiet((sgl: scatterlist[], nents: number): void => {
  sgl.slice(0, nents).forEach((sg, i) => {
    sg.offset = sg.length = sg.dma_address = sg.dma_length = 0
    sg.$base = null
    sg.$next = sgl[i + 1] ?? null
    sg.$last = i === nents - 1
  })
})

/** The piece is `buflen` bytes of a kmalloc'ed buffer. */
export const sg_set_buf = quiet((sg: scatterlist, buf: Uint8Array, buflen: number): void => {
  const at = physicalMemory(machine()).addressOf(buf)
  sg.$base = at === null ? buf : virt_to_page(buf)
  sg.offset = at === null ? 0 : at % PAGE_SIZE
  sg.length = buflen
})

/** The piece is `len` bytes of a page, from `offset`. */
export const sg_set_page = quiet(
  (sg: scatterlist, page: page, len: number, offset: number): void => {
    sg.$base = page
    sg.offset = offset
    sg.length = len
  },
)

/** A list of one piece. */
export const sg_init_one = quiet((sg: scatterlist, buf: Uint8Array, buflen: number): void => {
  sg_init_table([sg], 1)
  sg_set_buf(sg, buf, buflen)
})

/** The entry behind; null behind the last. */
export const sg_next = quiet((sg: scatterlist): scatterlist | null => nextOf(sg))
export const sg_is_last = quiet((sg: scatterlist): boolean => sg.$last)
/** The list ends here. */
export const sg_mark_end = quiet((sg: scatterlist): void => {
  sg.$last = true
})
export const sg_unmark_end = quiet((sg: scatterlist): void => {
  sg.$last = false
})
export const sg_last = quiet((sgl: SgList, nents: number): scatterlist | null =>
  entriesOf(sgl, nents).at(-1) ?? null,
)
/** How many entries a list has. */
export const sg_nents = quiet((sgl: SgList): number => {
  let n = 0
  for (let sg = firstOf(sgl); sg !== null; sg = nextOf(sg)) n++
  return n
})

/** The CPU's view of a piece. */
export const sg_virt = quiet((sg: scatterlist): Uint8Array => bytesOf(sg))
/** The page that a piece begins in. */
export const sg_page = quiet((sg: scatterlist): page | null => sg.$base as page | null)
export const sg_phys = quiet((sg: scatterlist): number => sg.$phys ?? 0)
/** What a mapped list tells the device; to write them, set `sg.dma_address` and `dma_length`. */
export const sg_dma_address = quiet((sg: scatterlist): dma_addr_t => sg.dma_address)
export const sg_dma_len = quiet((sg: scatterlist): number => sg.dma_length)

/** The first `nr` entries. */
export const for_each_sg = quiet((sgl: SgList, nr: number): scatterlist[] => entriesOf(sgl, nr))
/** All pieces, for the CPU. */
export const for_each_sgtable_sg = quiet((sgt: sg_table): scatterlist[] =>
  entriesOf(sgt.sgl, sgt.orig_nents),
)
/** All segments of a mapped table, for the device. */
export const for_each_sgtable_dma_sg = quiet((sgt: sg_table): scatterlist[] =>
  entriesOf(sgt.sgl, sgt.nents),
)

/** Makes a table of `nents` empty entries. 0 or -EINVAL. Pair: `sg_free_table`. */
export const sg_alloc_table = quiet((table: sg_table, nents: number, _gfp: gfp_t): number => {
  if (nents === 0) return -22
  table.sgl = Array.from({ length: nents }, () => new scatterlist())
  sg_init_table(table.sgl, nents)
  table.nents = table.orig_nents = nents
  return 0
})
export const sg_free_table = quiet((table: sg_table): void => {
  table.sgl = []
  table.nents = table.orig_nents = 0
})

/** A table of one entry for each page, of `size` bytes from `offset` of the first. 0 or -ENOMEM. */
export const sg_alloc_table_from_pages = quiet(
  (table: sg_table, pages: page[], n: number, offset: number, size: number, gfp: gfp_t): number => {
    if (sg_alloc_table(table, n, gfp)) return -ENOMEM
    let left = size
    table.sgl.forEach((sg, i) => {
      const from = i === 0 ? offset : 0
      const length = Math.min(left, PAGE_SIZE - from)
      sg_set_page(sg, pages[i]!, length, from)
      left -= length
    })
    return 0
  },
)

/** Copies between a buffer and the pieces; answers how many bytes. */
export const sg_copy_from_buffer = quiet(
  (sgl: SgList, nents: number, buf: Uint8Array, buflen: number): number =>
    copy(sgl, nents, buf, buflen, true),
)
export const sg_copy_to_buffer = quiet(
  (sgl: SgList, nents: number, buf: Uint8Array, buflen: number): number =>
    copy(sgl, nents, buf, buflen, false),
)

function copy(sgl: SgList, nents: number, buf: Uint8Array, buflen: number, into: boolean): number {
  let at = 0
  for (const sg of entriesOf(sgl, nents)) {
    const piece = bytesOf(sg).subarray(0, buflen - at)
    const part = buf.subarray(at, at + piece.length)
    if (into) piece.set(part)
    else part.set(piece)
    at += piece.length
  }
  return at
}
