import { expect, test } from 'vitest'
import * as dma from '../../../src-sim/linux/dma-mapping'
import { alloc_page, type page } from '../../../src-sim/linux/gfp'
import { page_address } from '../../../src-sim/linux/mm'
import { allocPages } from '../../../src-sim/kernel/mm/page-alloc'
import { pfnToPage } from '../../../src-sim/kernel/mm/page'
import * as s from '../../../src-sim/linux/scatterlist'
import { GFP_KERNEL } from '../../../src-sim/linux/slab'
import { buffer, onBoard } from './dma-kit'

const { DMA_FROM_DEVICE: FROM, DMA_TO_DEVICE: TO } = dma

function list(...sizes: number[]): s.scatterlist[] {
  const entries = sizes.map(() => new s.scatterlist())
  s.sg_init_table(entries, sizes.length)
  entries.forEach((sg, i) => s.sg_set_buf(sg, buffer(sizes[i]!), sizes[i]!))
  return entries
}

function table(entries: s.scatterlist[]): s.sg_table {
  const sgt = new s.sg_table()
  sgt.sgl = entries
  sgt.nents = sgt.orig_nents = entries.length
  return sgt
}

test('DMA-23: without an IOMMU each entry is a segment', () => {
  onBoard({}, (dev) => {
    const sg = list(100, 200)
    expect(dma.dma_map_sg(dev, sg, 2, TO)).toBe(2)
    expect(sg.map((one) => one.dma_length)).toEqual([100, 200])
    dma.dma_unmap_sg(dev, sg, 2, TO)
  })
})

test('DMA-24: the table form tells why: nothing to map, out of reach, not coherent', () => {
  const { kinds } = onBoard({}, (dev) => {
    expect(dma.dma_map_sgtable(dev, table([]), TO, 0)).toBe(-5)
    dev.dma_mask = 0xffff
    expect(dma.dma_map_sgtable(dev, table(list(64)), TO, 0)).toBe(-5)
    dev.dma_coherent = false
    expect(dma.dma_map_sgtable(dev, table(list(64)), TO, dma.DMA_ATTR_REQUIRE_COHERENT)).toBe(-95)
  })
  expect(kinds).toEqual(['warn.dma-empty-list', 'warn.dma-overflow'])
})

test('DMA-24: a failure in the middle leaves nothing mapped', () => {
  onBoard({ swiotlb: 'force', swiotlbSlots: 256 }, (dev) => {
    const sg = list(64, 300 * 1024, 64)
    expect(dma.dma_map_sg(dev, sg, 3, TO)).toBe(0)
    for (let i = 0; i < 256; i++) expect(dma.dma_map_sg(dev, list(64), 1, TO)).toBe(1)
  }, false)
})

test('DMA-25: with a smaller count the rest of the list stays with the device', () => {
  const { kinds } = onBoard({ coherent: false }, (dev, hardware) => {
    const sg = list(64, 64)
    dma.dma_map_sg(dev, sg, 2, FROM)
    for (const one of sg) hardware.write(one.dma_address, Uint8Array.of(7))
    dma.dma_unmap_sg(dev, sg, 1, FROM)
    expect(sg.map((one) => s.sg_virt(one)[0])).toEqual([7, 0])
  })
  expect(kinds).toEqual(['dma-debug.entries-mismatch'])
})

test('DMA-23: lists can be chained, and are walked as one', () => {
  onBoard({}, (dev) => {
    const second = list(30, 40)
    const first = list(10, 20, 1)
    s.sg_chain(first, 3, second)
    expect(s.sg_nents(first)).toBe(4)
    expect(s.for_each_sg(first, 4).map((one) => one.length)).toEqual([10, 20, 30, 40])
    expect([s.sg_nents_for_len(first, 31), s.sg_nents_for_len(first, 101)]).toEqual([3, -22])
    expect(s.sg_is_chain(first[2]!)).toBe(true)
    expect(dma.dma_map_sg(dev, first, 4, TO)).toBe(4)
  }, false)
})

test('a table of pages has one entry for neighbours, as far as a segment may go', () => {
  onBoard({}, () => {
    const first = allocPages({ order: 2, zero: true, compound: false })!
    const pages = [0, 1, 2, 3].map((i) => pfnToPage(first.$pfn + i))
    const sgt = new s.sg_table()
    expect(s.sg_alloc_table_from_pages(sgt, pages, 4, 100, 16000, GFP_KERNEL)).toBe(0)
    expect(sgt.sgl.map((sg) => [sg.offset, sg.length])).toEqual([[100, 16000]])
    const apart = [pages[0]!, alloc_page(GFP_KERNEL)!, pages[1]!] as page[]
    s.sg_alloc_table_from_pages_segment(sgt, apart, 3, 0, 12288, 4096, GFP_KERNEL)
    expect(sgt.sgl.map((sg) => sg.length)).toEqual([4096, 4096, 4096])
    expect(s.sg_alloc_table_from_pages_segment(sgt, apart, 3, 0, 12288, 100, GFP_KERNEL)).toBe(-22)
  })
})

test('bytes are copied to and from lists, from any place on', () => {
  onBoard({}, () => {
    const sg = list(4, 4)
    const out = new Uint8Array(6)
    expect(s.sg_copy_from_buffer(sg, 2, Uint8Array.of(1, 2, 3, 4, 5, 6), 6)).toBe(6)
    expect([s.sg_pcopy_to_buffer(sg, 2, out, 6, 3), [...out]]).toEqual([5, [4, 5, 6, 0, 0, 0]])
    expect(s.sg_zero_buffer(sg, 2, 2, 3)).toBe(2)
    expect([...s.sg_virt(sg[0]!), ...s.sg_virt(sg[1]!)]).toEqual([1, 2, 3, 0, 0, 6, 0, 0])
  })
})

test('an iterator of the bytes goes page by page and takes back what was not consumed', () => {
  onBoard({}, () => {
    const sg = list(5000, 10)
    const miter = new s.sg_mapping_iter()
    s.sg_miter_start(miter, sg, 2, s.SG_MITER_FROM_SG)
    const lengths: number[] = []
    expect(s.sg_miter_next(miter)).toBe(true)
    lengths.push(miter.length)
    miter.consumed = 4000
    while (s.sg_miter_next(miter)) lengths.push(miter.length)
    expect(lengths).toEqual([4096, 96, 904, 10])
    s.sg_miter_start(miter, sg, 2, s.SG_MITER_FROM_SG)
    expect([s.sg_miter_skip(miter, 5005), s.sg_miter_next(miter), miter.length]).toEqual([true, true, 5])
    expect(s.sg_miter_skip(miter, 100)).toBe(false)
  })
})

test('the pages of a list, for the CPU and for the device', () => {
  onBoard({}, (dev) => {
    const sg = list(5000)
    dma.dma_map_sg(dev, sg, 1, TO)
    const pages = s.for_each_sg_page(sg, 1, 0).map((at) => s.sg_page_iter_page(at)!)
    expect(pages.map((page) => page_address(page).length > 0)).toEqual([true, true])
    const addresses = s.for_each_sg_dma_page(sg, 1, 1).map((at) => s.sg_page_iter_dma_address(at))
    expect(addresses).toEqual([sg[0]!.dma_address + 4096])
  })
})
