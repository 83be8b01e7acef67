import { pageOfAddress } from '../kernel/mm/page'
import { physicalMemory } from '../kernel/mm/physical'
import { machine } from '../engine/current'
import { quiet } from '../kernel/api'
import { bytesOf, entriesOf, firstOf, nextOf, scatterlist, sg_table, type SgList } from '../kernel/dma/sg'
import { PAGE_SIZE } from '../base/units'
import { EINVAL } from './errno'
import type { page } from './gfp'
import type { dma_addr_t } from './types'

/**
 * Lists of pieces of memory: `linux/scatterlist`. A list is an array of `scatterlist` that
 * `sg_init_table` has made one; a loop over it is `for (const sg of for_each_sg(sgl, nents))`.
 */
export { scatterlist, sg_table }
export * from './scatterlist/copy'
export * from './scatterlist/iterate'
export * from './scatterlist/tables'

/** Makes a list of the first `nents` elements of an array; all are empty. */
export const sg_init_table = quiet((sgl: scatterlist[], nents: number): void => {
  sgl.slice(0, nents).forEach((sg, i) => {
    sg.offset = sg.length = sg.dma_address = sg.dma_length = 0
    sg.$base = null
    sg.$chain = null
    sg.$busAddress = false
    sg.$next = sgl[i + 1] ?? null
    sg.$last = i === nents - 1
  })
})

/** The piece is `buflen` bytes of a kmalloc'ed buffer. */
export const sg_set_buf = quiet((sg: scatterlist, buf: Uint8Array, buflen: number): void => {
  const at = physicalMemory(machine()).addressOf(buf)
  sg.$base = at === null ? buf : pageOfAddress(buf)
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
/**
 * The last of the first `prv_nents` entries becomes the way to another list, and holds no memory
 * any more.
 */
export const sg_chain = quiet((prv: scatterlist[], prv_nents: number, sgl: scatterlist[]): void => {
  const link = prv[prv_nents - 1]!
  link.offset = link.length = 0
  link.$base = null
  link.$chain = sgl[0]!
  link.$last = false
})
/** The entry is a way to another list. */
export const sg_is_chain = quiet((sg: scatterlist): boolean => sg.$chain !== null)
export const sg_chain_ptr = quiet((sg: scatterlist): scatterlist | null => sg.$chain)
/** How many entries `len` bytes take. -EINVAL when there are not that many. */
export const sg_nents_for_len = quiet((sgl: SgList, len: number): number => {
  if (len === 0) return 0
  let total = 0
  let n = 0
  for (let sg = firstOf(sgl); sg !== null; sg = nextOf(sg)) {
    n++
    total += sg.length
    if (total >= len) return n
  }
  return -EINVAL
})
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

/** The address is one of the bus, of a device next to this one: nothing was mapped. */
export const sg_dma_is_bus_address = quiet((sg: scatterlist): boolean => sg.$busAddress)
export const sg_dma_mark_bus_address = quiet((sg: scatterlist): void => {
  sg.$busAddress = true
})
export const sg_dma_unmark_bus_address = quiet((sg: scatterlist): void => {
  sg.$busAddress = false
})

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
