import { expect, test } from 'vitest'
import { machine } from '../../../src-sim/engine/current'
import { dmaOf } from '../../../src-sim/kernel/iommu/dma-domain'
import { IovaDomain } from '../../../src-sim/kernel/iommu/iova'
import * as dma from '../../../src-sim/linux/dma-mapping'
import * as iommu from '../../../src-sim/linux/iommu'
import { GFP_KERNEL } from '../../../src-sim/linux/slab'
import { free_page, get_zeroed_page } from '../../../src-sim/linux/gfp'
import { sim } from '../../sim/harness'
import { buffer, onCard, physOf, sleepMs, smart_card } from './iommu-kit'

const PAGE = 4096
const BIDI = dma.DMA_BIDIRECTIONAL
const one = Uint8Array.of(7)
const DMAR = /^DMAR: \[DMA/

test('IOMMU-18: addresses come from the top down, aligned to their size, away from the windows', () => {
  onCard('strict', function* ({ pdev }) {
    const first = dma.dma_map_single(pdev.dev, buffer(), PAGE, BIDI)
    const second = dma.dma_map_single(pdev.dev, buffer(), PAGE, BIDI)
    const four = dma.dma_map_single(pdev.dev, buffer(4 * PAGE), 3 * PAGE, BIDI)
    expect([first, second, four]).toEqual([0xfffff000, 0xffffe000, 0xffff8000])
    dma.dma_set_mask(pdev.dev, dma.DMA_BIT_MASK(28))
    expect(dma.dma_map_single(pdev.dev, buffer(), PAGE, BIDI)).toBe(0xffff000)
  })
  const domain = new IovaDomain(PAGE, 1)
  domain.reserve(10, 20)
  expect(domain.alloc(1, 20, true)).toBe(9)
  expect([0, 0, 0].map(() => domain.alloc(4, 20, true))).toEqual([4, 0, 0])
})

test('IOMMU-18: a 64-bit device tries below 4 GiB first, and says so once when it has to leave: how wide it is now', () => {
  const { log } = onCard('strict', function* ({ pdev }) {
    dma.dma_set_mask(pdev.dev, dma.DMA_BIT_MASK(64))
    expect(dma.dma_map_single(pdev.dev, buffer(), PAGE, BIDI)).toBe(0xfffff000)
    dmaOf(pdev.dev.iommu_group!.default_domain!)!.iova!.reserve(1, 0xfffff)
    for (let i = 0; i < 2; i++)
      expect(dma.dma_map_single(pdev.dev, buffer(), PAGE, BIDI)).toBeGreaterThan(2 ** 32)
  })
  expect(log).toEqual(['pci 0000:01:00.0: Using 39-bit DMA addresses'])
  onCard({ mode: 'strict', forcedac: true }, function* ({ pdev }) {
    dma.dma_set_mask(pdev.dev, dma.DMA_BIT_MASK(64))
    expect(dma.dma_map_single(pdev.dev, buffer(), PAGE, BIDI)).toBe(2 ** 39 - PAGE)
  })
})

test('IOMMU-19, IOMMU-20: strict: the address is the next one handed out, and faults until then', () => {
  const { log } = onCard('strict', function* ({ pdev, hardware }) {
    const a = dma.dma_map_single(pdev.dev, buffer(), PAGE, BIDI)
    hardware.dma_write(a, one)
    dma.dma_unmap_single(pdev.dev, a, PAGE, BIDI)
    expect(hardware.dma_write(a, one)).toBe(false)
    yield* sleepMs(1)
    const next = buffer()
    expect(dma.dma_map_single(pdev.dev, next, PAGE, BIDI)).toBe(a)
    hardware.dma_write(a, one)
    expect(next[0]).toBe(7)
  })
  expect(log.filter((l) => DMAR.test(l))).toHaveLength(1)
})

test('IOMMU-19: a full magazine goes to the depot, and its surplus back to the tree', () => {
  const domain = new IovaDomain(PAGE, 1)
  onCard('strict', function* () {
    const taken = Array.from({ length: 127 * 6 }, () => domain.alloc(1, 0xfffff, true))
    for (const pfn of taken) domain.free(pfn, 1)
    expect(taken.filter((pfn) => domain.isTaken(pfn))).toHaveLength(127 * 6)
    yield* sleepMs(350)
    expect(taken.filter((pfn) => domain.isTaken(pfn)).length).toBeLessThan(127 * 6)
  })
})

test('IOMMU-21: lazy: what the TLB knows still reaches the old page, for at most the timeout', () => {
  const { kinds } = onCard('lazy', function* ({ pdev, hardware }) {
    const b = buffer()
    const a = dma.dma_map_single(pdev.dev, b, PAGE, BIDI)
    hardware.dma_read(a, 1)
    dma.dma_unmap_single(pdev.dev, a, PAGE, BIDI)
    expect(hardware.dma_write(a, one)).toBe(true)
    expect(b[0]).toBe(7)
    expect(dma.dma_map_single(pdev.dev, buffer(), PAGE, BIDI)).toBe(a - PAGE)
    yield* sleepMs(20)
    expect(hardware.dma_write(a, one)).toBe(false)
  })
  expect(kinds).toEqual(['dma.write-after-free', 'iommu.fault'])
})

test('IOMMU-21: lazy: an address that the TLB does not know faults at once', () => {
  onCard('lazy', function* ({ pdev, hardware }) {
    const a = dma.dma_map_single(pdev.dev, buffer(), PAGE, BIDI)
    dma.dma_unmap_single(pdev.dev, a, PAGE, BIDI)
    expect(hardware.dma_write(a, one)).toBe(false)
  })
})

test('IOMMU-21: a full ring flushes before the timer does', () => {
  onCard('lazy', function* ({ pdev, hardware }) {
    const a = dma.dma_map_single(pdev.dev, buffer(), PAGE, BIDI)
    hardware.dma_read(a, 1)
    dma.dma_unmap_single(pdev.dev, a, PAGE, BIDI)
    for (let i = 0; i < 255; i++) {
      expect(hardware.dma_read(a, 1)).not.toBeNull()
      const other = dma.dma_map_single(pdev.dev, buffer(), PAGE, BIDI)
      dma.dma_unmap_single(pdev.dev, other, PAGE, BIDI)
    }
    expect(hardware.dma_read(a, 1)).toBeNull()
  })
})

test('IOMMU-24, IOMMU-25: a fault is logged with what, who and where, and changes nothing', () => {
  const { log } = onCard('strict', function* ({ hardware }) {
    expect(hardware.dma_write(0x12345678, one)).toBe(false)
    yield* sleepMs(1)
    expect(hardware.dma_read(0x12345678, 4)).toBeNull()
    yield* sleepMs(1)
    hardware.dma_read(2 ** 39, 4)
    yield* sleepMs(1)
  })
  expect(log).toEqual([
    'DMAR: DRHD: handling fault status reg 2',
    'DMAR: [DMA Write NO_PASID] Request device [0000:01:00.0] fault addr 0x12345000 [fault reason 0x05] PTE Write access is not set',
    'DMAR: DRHD: handling fault status reg 2',
    'DMAR: [DMA Read NO_PASID] Request device [0000:01:00.0] fault addr 0x12345000 [fault reason 0x06] PTE Read access is not set',
    'DMAR: DRHD: handling fault status reg 2',
    'DMAR: [DMA Read NO_PASID] Request device [0000:01:00.0] fault addr 0x8000000000 [fault reason 0x04] Access beyond MGAW',
  ])
})

test('IOMMU-28: three faults are told in pairs, then a lone line, then nothing for five seconds', () => {
  const { log } = onCard('strict', function* ({ hardware }) {
    for (let i = 0; i < 6; i++) {
      hardware.dma_write(0x1000, one)
      yield* sleepMs(1)
    }
    expect(machine().findings.filter((f) => f.kind === 'iommu.fault')).toHaveLength(1)
    yield* sleepMs(5100)
    hardware.dma_write(0x1000, one)
    yield* sleepMs(1)
  })
  const status = log.filter((l) => l.includes('handling fault status'))
  expect([status.length, log.filter((l) => DMAR.test(l)).length]).toEqual([5, 4])
  expect(log.some((l) => /^dmar_fault: \d+ callbacks suppressed$/.test(l))).toBe(true)
})

test('IOMMU-29: only a domain of one\'s own can have a fault handler', () => {
  const { kinds } = onCard('strict', function* ({ pdev }) {
    const own = (yield* sim(iommu.iommu_paging_domain_alloc(pdev.dev))) as iommu.iommu_domain
    const report = (d: iommu.iommu_domain) => sim(iommu.report_iommu_fault(d, pdev.dev, 5, iommu.IOMMU_FAULT_WRITE))
    expect(yield* report(own)).toBe(-38)
    const seen: unknown[] = []
    iommu.iommu_set_fault_handler(own, (_d, _dev, iova, flags, token) => { seen.push(iova, flags, token); return 0 }, 'mine')
    expect(yield* report(own)).toBe(0)
    expect(seen).toEqual([5, 1, 'mine'])
    iommu.iommu_set_fault_handler(pdev.dev.iommu_group!.default_domain!, () => 0, null)
  })
  expect(kinds).toEqual(['warn.iommu-fault-handler'])
})

test('IOMMU-30: with the debug option a page that is freed while mapped is reported', () => {
  const free = (unmap: boolean) =>
    onCard({ mode: 'strict', debugPagealloc: true }, function* ({ pdev }) {
      const page = get_zeroed_page(GFP_KERNEL)!
      const a = dma.dma_map_single(pdev.dev, page, PAGE, BIDI)
      if (unmap) dma.dma_unmap_single(pdev.dev, a, PAGE, BIDI)
      yield* sim(free_page(page))
    })
  expect(free(false).kinds).toContain('iommu.page-leak')
  expect(free(true).kinds).toEqual([])
})

test('SVA-17: a device that keeps translations itself is told of every unmapping', () => {
  onCard('strict', function* ({ pdev, hardware }) {
    expect(pdev.ats_enabled).toBe(1)
    const a = dma.dma_map_single(pdev.dev, buffer(), PAGE, BIDI)
    hardware.dma_read(a, 1)
    dma.dma_unmap_single(pdev.dev, a, PAGE, BIDI)
    expect(hardware.dma_read(a, 1)).toBeNull()
  }, smart_card)
})

test('IOMMU-22: lazily unmapped pages are freed memory to the CPU long before the device lets go', () => {
  const { kinds } = onCard('lazy', function* ({ pdev, hardware }) {
    const page = get_zeroed_page(GFP_KERNEL)!
    const a = dma.dma_map_single(pdev.dev, page, PAGE, BIDI)
    hardware.dma_read(a, 1)
    dma.dma_unmap_single(pdev.dev, a, PAGE, BIDI)
    const phys = physOf(page)
    yield* sim(free_page(page))
    expect(hardware.dma_write(a, one)).toBe(true)
    expect(physOf(get_zeroed_page(GFP_KERNEL)!)).toBe(phys)
  })
  expect(kinds).toContain('dma.write-after-free')
})
