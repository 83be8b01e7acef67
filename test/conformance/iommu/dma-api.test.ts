import { expect, test } from 'vitest'
import { machine } from '../../../src-sim/engine/current'
import { dmaOf } from '../../../src-sim/kernel/iommu/dma-domain'
import * as dma from '../../../src-sim/linux/dma-mapping'
import { iommu_get_domain_for_dev, iommu_iova_to_phys } from '../../../src-sim/linux/iommu'
import { GFP_KERNEL } from '../../../src-sim/linux/slab'
import { GFP_ATOMIC } from '../../../src-sim/linux/gfp'
import { scatterlist } from '../../../src-sim/kernel/dma/sg'
import { pfn_to_page } from '../../../src-sim/linux/mm'
import { ptr } from '../../../src-sim/linux/types'
import { buffer, onCard, physOf, sleepMs } from './iommu-kit'

const { DMA_BIDIRECTIONAL: BIDI, DMA_FROM_DEVICE: FROM, DMA_TO_DEVICE: TO } = dma
const PAGE = 4096
const one = Uint8Array.of(7)

test('DMA-10: behind a translating IOMMU the address is not the physical one; passed through it is', () => {
  onCard('lazy', function* ({ pdev }) {
    const b = buffer()
    expect(pdev.dev.dma_iommu).toBe(true)
    expect(dma.dma_map_single(pdev.dev, b, PAGE, BIDI)).not.toBe(physOf(b))
  })
  onCard('passthrough', function* ({ pdev }) {
    const b = buffer()
    expect(pdev.dev.dma_iommu).toBe(false)
    expect(dma.dma_map_single(pdev.dev, b, PAGE, BIDI)).toBe(physOf(b))
  })
})

test('DMA-19: the address keeps the offset in the page, and two maps of a buffer get two addresses', () => {
  onCard('strict', function* ({ pdev }) {
    const b = buffer().subarray(100)
    const a = dma.dma_map_single(pdev.dev, b, 64, TO)
    const c = dma.dma_map_single(pdev.dev, b, 64, TO)
    expect([a % PAGE, a === c]).toEqual([100, false])
  })
})

test('DMA-20: a device may only do what the direction says, and the other access faults', () => {
  const { kinds } = onCard('strict', function* ({ pdev, hardware }) {
    const b = buffer()
    const to = dma.dma_map_single(pdev.dev, b, PAGE, TO)
    expect(hardware.dma_read(to, 1)).not.toBeNull()
    expect(hardware.dma_write(to, one)).toBe(false)
    const from = dma.dma_map_single(pdev.dev, b, PAGE, FROM)
    expect(hardware.dma_write(from, one)).toBe(true)
    expect(hardware.dma_read(from, 1)).toBeNull()
    const both = dma.dma_map_single(pdev.dev, b, PAGE, BIDI)
    expect([hardware.dma_write(both, one), hardware.dma_read(both, 1)![0]]).toEqual([true, 7])
    expect(b[0]).toBe(7)
  })
  expect(kinds).toContain('iommu.fault')
})

test('DMA-21: all of the page around a small buffer can be reached, the next page cannot', () => {
  onCard('strict', function* ({ pdev, hardware }) {
    const a = dma.dma_map_single(pdev.dev, buffer().subarray(0, 66), 66, FROM)
    expect(hardware.dma_write(a + PAGE - 1, one)).toBe(true)
    expect(hardware.dma_write(a + PAGE, one)).toBe(false)
  })
})

test('DMA-22: unmapping what was never mapped warns and frees nothing', () => {
  const { kinds } = onCard('strict', function* ({ pdev }) {
    dma.dma_unmap_single(pdev.dev, 0x5000, PAGE, BIDI)
  })
  expect(kinds).toContain('warn.iommu-unmap-unknown')
})

test('DMA-22: too large a size warns; too small a one leaves the tail mapped without a word', () => {
  const large = onCard('strict', function* ({ pdev }) {
    const a = dma.dma_map_single(pdev.dev, buffer(), PAGE, BIDI)
    dma.dma_unmap_single(pdev.dev, a, 2 * PAGE, BIDI)
  })
  expect(large.kinds).toContain('warn.iommu-unmap-size')
  const small = onCard('strict', function* ({ pdev, hardware }) {
    const a = dma.dma_map_single(pdev.dev, buffer(2 * PAGE), 2 * PAGE, BIDI)
    dma.dma_unmap_single(pdev.dev, a, PAGE, BIDI)
    expect(hardware.dma_write(a, one)).toBe(false)
    expect(hardware.dma_write(a + PAGE, one)).toBe(true)
  })
  expect(small.kinds.filter((k) => k.startsWith('warn'))).toEqual([])
})

test('DMA-22: coherent memory that is freed twice makes its address belong to two', () => {
  const { kinds } = onCard('strict', function* ({ pdev }) {
    const at = ptr<number>()
    const cpu = dma.dma_alloc_coherent(pdev.dev, PAGE, at, GFP_KERNEL)!
    const handle = at.value
    dma.dma_free_coherent(pdev.dev, PAGE, cpu, handle)
    dma.dma_free_coherent(pdev.dev, PAGE, cpu, handle)
    const first = dma.dma_map_single(pdev.dev, buffer(), PAGE, BIDI)
    const cached = dmaOf(iommu_get_domain_for_dev(pdev.dev)!)!.iova!.alloc(1, 0xfffff, true)
    expect([first, cached * PAGE]).toEqual([handle, handle])
  })
  expect(kinds).toEqual(['warn.iommu-unmap-size', 'warn.invalid-coherent-area'])
})

/** A list of pieces: offset and length in pages of their own, in a row or apart. */
function listOf(pieces: [offset: number, length: number][]): scatterlist[] {
  return pieces.map(([offset, length], i) => {
    const sg = new scatterlist()
    const memory = buffer(8192)
    sg.$base = pfn_to_page(physOf(memory) / PAGE)
    sg.offset = offset
    sg.length = length
    sg.$last = i === pieces.length - 1
    return sg
  })
}

function mapped(pieces: [number, number][], maxSegment = 65536): [count: number, lengths: number[]] {
  let seen: [number, number[]] = [0, []]
  onCard('strict', function* ({ pdev }) {
    dma.dma_set_max_seg_size(pdev.dev, maxSegment)
    const list = listOf(pieces)
    list.forEach((sg, i) => (sg.$next = list[i + 1] ?? null))
    const count = dma.dma_map_sg(pdev.dev, list, list.length, BIDI)
    seen = [count, list.map((sg) => sg.dma_length)]
    dma.dma_unmap_sg(pdev.dev, list, list.length, BIDI)
  })
  return seen
}

test('DMA-23: neighbours on page boundaries become one segment, and unused entries have no length', () => {
  expect(mapped([[0, PAGE], [0, PAGE], [0, 100]])).toEqual([1, [2 * PAGE + 100, 0, 0]])
})

test('DMA-23: an entry that does not fill its pages ends a segment, as does one too long', () => {
  expect(mapped([[0, 100], [0, PAGE]])).toEqual([2, [100, PAGE]])
  expect(mapped([[0, PAGE], [8, 100]])).toEqual([2, [PAGE, 100]])
  expect(mapped([[0, PAGE], [0, PAGE]], PAGE)).toEqual([2, [PAGE, PAGE]])
})

test('DMA-38: coherent memory is zeroed and readable and writable for both', () => {
  onCard('lazy', function* ({ pdev, hardware }) {
    const at = ptr<number>()
    const cpu = dma.dma_alloc_coherent(pdev.dev, 100, at, GFP_KERNEL)!
    expect(hardware.dma_read(at.value, 1)![0]).toBe(0)
    expect(hardware.dma_write(at.value, one)).toBe(true)
    expect(cpu[0]).toBe(7)
    expect(dma.dma_alloc_coherent(pdev.dev, 100, at, GFP_ATOMIC)).not.toBeNull()
  })
})

test('DMA-50: a range is reserved only for devices with an IOMMU, and not for nothing', () => {
  const { kinds } = onCard('strict', function* ({ pdev }) {
    const state = new dma.dma_iova_state()
    expect(dma.dma_iova_try_alloc(pdev.dev, state, 0x1010, 8192)).toBe(true)
    expect([dma.dma_use_iova(state), dma.dma_iova_size(state), state.addr % PAGE]).toEqual([true, 8192, 0x10])
    expect(iommu_iova_to_phys(iommu_get_domain_for_dev(pdev.dev)!, state.addr)).toBe(0)
    dma.dma_iova_free(pdev.dev, state)
    expect(dma.dma_iova_try_alloc(pdev.dev, state, 0, 0)).toBe(false)
  })
  expect(kinds).toEqual(['warn.iommu-iova-size'])
  onCard('none', function* ({ pdev }) {
    expect(dma.dma_iova_try_alloc(pdev.dev, new dma.dma_iova_state(), 0, PAGE)).toBe(false)
  })
})

test('DMA-51: links fill the range; an unaligned one is only good at the start, overlaps are refused', () => {
  const { kinds } = onCard('strict', function* ({ pdev, hardware }) {
    const b = buffer(3 * PAGE)
    const phys = physOf(b)
    const state = new dma.dma_iova_state()
    dma.dma_iova_try_alloc(pdev.dev, state, phys, 3 * PAGE)
    expect(dma.dma_iova_link(pdev.dev, state, phys, 0, PAGE, FROM)).toBe(0)
    expect(dma.dma_iova_link(pdev.dev, state, phys, 0, PAGE, FROM)).toBe(-98)
    expect(dma.dma_iova_link(pdev.dev, state, phys + 16, PAGE, PAGE, FROM)).toBe(-5)
    expect(dma.dma_iova_link(pdev.dev, state, phys + PAGE, PAGE, PAGE, FROM)).toBe(0)
    expect(dma.dma_iova_sync(pdev.dev, state, 0, 2 * PAGE)).toBe(0)
    hardware.dma_write(state.addr + PAGE, one)
    expect(b[PAGE]).toBe(7)
    dma.dma_iova_destroy(pdev.dev, state, 2 * PAGE, FROM)
    expect(hardware.dma_write(state.addr + PAGE, one)).toBe(false)
  })
  expect(kinds).toContain('warn.iommu-iova-link-offset')
})

test('DMA-52: hardware that remembers misses needs the sync', () => {
  onCard({ mode: 'strict', cachingMode: true }, function* ({ pdev, hardware }) {
    const b = buffer()
    const state = new dma.dma_iova_state()
    dma.dma_iova_try_alloc(pdev.dev, state, physOf(b), PAGE)
    expect(hardware.dma_write(state.addr, one)).toBe(false)
    dma.dma_iova_link(pdev.dev, state, physOf(b), 0, PAGE, BIDI)
    expect(hardware.dma_write(state.addr, one)).toBe(false)
    dma.dma_iova_sync(pdev.dev, state, 0, PAGE)
    expect(hardware.dma_write(state.addr, one)).toBe(true)
  })
})

test('DMA-53: a part that is unlinked is gone at once, also where flushing is lazy', () => {
  onCard('lazy', function* ({ pdev, hardware }) {
    const b = buffer(2 * PAGE)
    const state = new dma.dma_iova_state()
    dma.dma_iova_try_alloc(pdev.dev, state, physOf(b), 2 * PAGE)
    dma.dma_iova_link(pdev.dev, state, physOf(b), 0, 2 * PAGE, BIDI)
    hardware.dma_write(state.addr, one)
    dma.dma_iova_unlink(pdev.dev, state, 0, PAGE, BIDI)
    expect(hardware.dma_write(state.addr, one)).toBe(false)
    expect(hardware.dma_write(state.addr + PAGE, one)).toBe(true)
    dma.dma_iova_unlink(pdev.dev, state, PAGE, PAGE, BIDI)
    dma.dma_iova_free(pdev.dev, state)
    yield* sleepMs(1)
    expect(machine().findings.filter((f) => f.kind.startsWith('warn'))).toEqual([])
  })
})

test('DMA-53: destroying more than was linked warns', () => {
  const { kinds } = onCard('strict', function* ({ pdev }) {
    const b = buffer()
    const state = new dma.dma_iova_state()
    dma.dma_iova_try_alloc(pdev.dev, state, physOf(b), 2 * PAGE)
    dma.dma_iova_link(pdev.dev, state, physOf(b), 0, PAGE, BIDI)
    dma.dma_iova_destroy(pdev.dev, state, 2 * PAGE, BIDI)
  })
  expect(kinds).toContain('warn.iommu-iova-unlink-size')
})
