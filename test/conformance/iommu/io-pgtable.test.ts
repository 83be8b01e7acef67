import { expect, test } from 'vitest'
import { walkTables } from '../../../src-sim/kernel/iommu/io-pgtable/alloc'
import { IOMMU_READ, IOMMU_WRITE, iommu_iotlb_gather } from '../../../src-sim/linux/iommu'
import * as pgtable from '../../../src-sim/linux/io-pgtable'
import type { Sim } from '../../../src-sim/engine/suspend'
import { device } from '../../../src-sim/linux/device'
import { run } from '../../sim/harness'
import { onCard } from './iommu-kit'

const PAGE = 4096
const MB2 = 0x20_0000
const RW = IOMMU_READ | IOMMU_WRITE
const SIZES = PAGE + MB2 + 0x4000_0000

type Table = pgtable.io_pgtable_ops

function made(init: Partial<pgtable.io_pgtable_cfg> = {}): { ops: Table; cfg: pgtable.io_pgtable_cfg; calls: string[] } {
  const calls: string[] = []
  const cfg = new pgtable.io_pgtable_cfg({
    pgsize_bitmap: SIZES,
    tlb: {
      tlb_flush_all: (cookie: string) => void calls.push(`all ${cookie}`),
      tlb_flush_walk: (iova, size) => void calls.push(`walk ${iova} ${size}`),
      tlb_add_page: (_gather, iova) => void calls.push(`page ${iova}`),
    },
    ...init,
  })
  return { ops: pgtable.alloc_io_pgtable_ops(pgtable.ARM_64_LPAE_S1, cfg, 'mine')!, cfg, calls }
}

const map = (ops: Table, iova: number, paddr: number, size = PAGE, count = 1, prot = RW): [number, number] => {
  const mapped = { value: 0 }
  return [ops.map_pages(ops, iova, paddr, size, count, prot, 0, mapped), mapped.value]
}
const unmap = (ops: Table, iova: number, size = PAGE, count = 1, gather: iommu_iotlb_gather | null = null): number =>
  ops.unmap_pages(ops, iova, size, count, gather)

function inside(body: () => void): string[] {
  const m = run(function* (): Sim {
    body()
  })
  return m.findings.map((f) => f.kind)
}

test('IOMMU-31: unknown formats and half a pair of allocators are refused; page sizes are trimmed', () => {
  inside(() => {
    const cfg = new pgtable.io_pgtable_cfg({ pgsize_bitmap: SIZES + 0x4000 })
    expect(pgtable.alloc_io_pgtable_ops(99, cfg, null)).toBeNull()
    const half = new pgtable.io_pgtable_cfg({ pgsize_bitmap: SIZES, free: () => {} })
    expect(pgtable.alloc_io_pgtable_ops(pgtable.ARM_64_LPAE_S1, half, null)).toBeNull()
    expect(pgtable.alloc_io_pgtable_ops(pgtable.ARM_64_LPAE_S2, cfg, null)).not.toBeNull()
    expect(cfg.pgsize_bitmap).toBe(SIZES)
  })
})

test('IOMMU-32: two ranges can be filled side by side, sharing the tables above them', () => {
  inside(() => {
    const { ops } = made()
    expect([map(ops, 0, PAGE), map(ops, PAGE, 2 * PAGE)]).toEqual([[0, PAGE], [0, PAGE]])
    expect([ops.iova_to_phys(ops, 5), ops.iova_to_phys(ops, PAGE + 5)]).toEqual([PAGE + 5, 2 * PAGE + 5])
  })
})

test('IOMMU-33: errors of mapping, and how far it came', () => {
  const kinds = inside(() => {
    const { ops } = made()
    expect(map(ops, 0, 0, 0x8000)[0]).toBe(-22)
    expect(map(ops, 0, 0, PAGE, 1, 0)[0]).toBe(-22)
    expect(map(ops, 2 ** 48, 0)[0]).toBe(-34)
    expect(map(ops, 511 * PAGE, PAGE, PAGE, 4)).toEqual([0, PAGE])
    expect(map(ops, 511 * PAGE, PAGE)[0]).toBe(-17)
    expect(map(ops, 509 * PAGE, PAGE, PAGE, 3)).toEqual([-17, 2 * PAGE])
  })
  expect(kinds).toEqual(['warn.io-pgtable-page-size', 'warn.io-pgtable-range', 'warn.io-pgtable-occupied'])
})

test('IOMMU-33: with NO_WARN occupied entries and holes are no news', () => {
  expect(inside(() => {
    const { ops } = made({ quirks: pgtable.IO_PGTABLE_QUIRK_NO_WARN })
    map(ops, 0, 0)
    expect(map(ops, 0, 0)[0]).toBe(-17)
    expect(unmap(ops, 0, PAGE, 2)).toBe(PAGE)
    expect(unmap(ops, 0)).toBe(0)
  })).toEqual([])
})

test('IOMMU-33: leaves are gathered unless the flush is queued; a table that goes is flushed at once', () => {
  inside(() => {
    const { ops, calls } = made()
    map(ops, MB2, PAGE)
    unmap(ops, MB2, PAGE, 1, new iommu_iotlb_gather())
    const queued = new iommu_iotlb_gather()
    queued.queued = true
    map(ops, MB2, PAGE)
    unmap(ops, MB2, PAGE, 1, queued)
    map(ops, MB2, PAGE)
    unmap(ops, MB2)
    map(ops, MB2, MB2, MB2)
    expect(calls).toEqual([`page ${MB2}`, `walk ${MB2} ${MB2}`])
  })
})

test('IOMMU-17: a part of a large page cannot be unmapped', () => {
  const kinds = inside(() => {
    const { ops } = made()
    map(ops, MB2, MB2, MB2)
    expect(unmap(ops, MB2)).toBe(0)
    expect(ops.iova_to_phys(ops, MB2)).toBe(MB2)
    expect(unmap(ops, MB2, MB2)).toBe(MB2)
  })
  expect(kinds).toEqual(['warn.iommu-partial-iopte'])
})

test('IOMMU-34: freeing flushes once and takes all mappings along; a walk after that is found', () => {
  const kinds = inside(() => {
    const { ops, cfg, calls } = made()
    map(ops, 0, PAGE)
    const { ttbr } = cfg.arm_lpae_s1_cfg
    expect(walkTables(ttbr, 0)).toMatchObject({ phys: PAGE })
    pgtable.free_io_pgtable_ops(ops)
    expect(calls).toEqual(['all mine'])
    expect(walkTables(ttbr, 0)).toBeNull()
  })
  expect(kinds).toEqual(['iommu.freed-table'])
})

test('IOMMU-35: tables for a walker without coherence must be at the same address for it', () => {
  const { kinds, log } = onCard('strict', function* ({ pdev }) {
    const cfg = { coherent_walk: false, iommu_dev: pdev.dev }
    expect(made(cfg).ops).toBeNull()
  })
  expect(kinds).toEqual(['warn.io-pgtable-dma'])
  expect(log).toContain('pci 0000:01:00.0: Cannot accommodate DMA translation for IOMMU page tables')
  inside(() => {
    const dev = new device()
    dev.dma_mask = 0xffffffff
    expect(made({ coherent_walk: false, iommu_dev: dev }).ops).not.toBeNull()
  })
})
