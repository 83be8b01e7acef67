import { expect, test } from 'vitest'
import { device_model } from '../../../src-sim/hardware/device-model'
import { EBUSY, EINVAL, ENOSPC, ERANGE } from '../../../src-sim/linux/errno'
import { device_release_driver } from '../../../src-sim/linux/device'
import { IS_ERR, PTR_ERR } from '../../../src-sim/linux/err'
import { IRQ_HANDLED } from '../../../src-sim/linux/interrupt'
import { readl, writel } from '../../../src-sim/linux/io'
import { msleep } from '../../../src-sim/linux/delay'
import * as pci from '../../../src-sim/linux/pci'
import { sim } from '../../sim/harness'
import { play } from '../device-model/kit'
import { bind, command, SLOT, start } from './pci-kit'

/** Four MSI and eight MSI-X messages, two BARs; a write to register N sends message N. */
class many extends device_model {
  override deviceId = 0x11e8
  override bars = [0x1000, 0, 0x2000]
  override vectors = 4
  override vectorsX = 8

  override read(bar: number, offset: number): number {
    return bar * 0x10000 + offset
  }

  override write(_bar: number, offset: number): void {
    this.raise_irq(offset / 4)
  }
}

const MANY = { pci: [{ slot: SLOT, model: many }] }
const { PCI_IRQ_MSI: MSI, PCI_IRQ_MSIX: MSIX, PCI_IRQ_INTX: INTX } = pci

test('DM-101: as many vectors as there are, the best kind first', () => {
  play(function* (kit) {
    const p = yield* bind(kit, {}, MANY)
    pci.pci_enable_device(p)
    expect([pci.pci_msi_vec_count(p), pci.pci_msix_vec_count(p)]).toEqual([4, 8])
    expect(pci.pci_alloc_irq_vectors(p, 9, 16, MSIX | MSI)).toBe(-ENOSPC)
    expect(pci.pci_alloc_irq_vectors(p, 1, 16, pci.PCI_IRQ_ALL_TYPES)).toBe(8)
    expect([p.msix_enabled, p.msi_enabled, pci.pci_dev_msi_enabled(p)]).toEqual([1, 0, true])
    const first = pci.pci_irq_vector(p, 0)
    expect(pci.pci_irq_vector(p, 7)).toBe(first + 7)
    expect([pci.pci_irq_vector(p, 8), p.irq === first]).toEqual([-EINVAL, false])
    pci.pci_free_irq_vectors(p)
    expect([pci.pci_irq_vector(p, 0), pci.pci_irq_vector(p, 1)]).toEqual([p.irq, -EINVAL])
    expect(pci.pci_alloc_irq_vectors(p, 2, 16, MSI | INTX)).toBe(4)
    expect(p.irq).toBe(pci.pci_irq_vector(p, 0))
  })
})

test('DM-101: one kind at a time, each refusal in its own order', () => {
  const k = play(function* (kit) {
    const p = yield* bind(kit, {}, MANY)
    pci.pci_enable_device(p)
    const entries = Array.from({ length: 8 }, (_, entry) => ({ vector: 0, entry }))
    expect(pci.pci_enable_msix_range(p, entries, 4, 2)).toBe(-ERANGE)
    expect(pci.pci_enable_msix_exact(p, entries, 9)).toBe(-ENOSPC)
    expect(pci.pci_enable_msix_range(p, entries, 2, 3)).toBe(3)
    expect(entries[2]!.vector).toBe(entries[0]!.vector + 2)
    expect(pci.pci_enable_msi(p)).toBe(-EINVAL)
    expect(pci.pci_enable_msix_exact(p, entries, 1)).toBe(-EINVAL)
    pci.pci_disable_msi(p)
    expect(p.msix_enabled).toBe(1)
    pci.pci_disable_msix(p)
    expect([pci.pci_enable_msi(p), pci.pci_enable_msix_exact(p, entries, 1)]).toEqual([0, -EINVAL])
  })
  const texts = k.dmesg.filter((l) => l.includes("can't enable"))
  expect(texts.map((l) => l.split(': ')[1])).toEqual([
    "can't enable MSI (MSI-X already enabled)",
    "can't enable MSI-X (MSI already enabled)",
  ])
  expect(k.kinds).toEqual(['warn.msi-twice'])
})

test('each message has its own number', () => {
  const k = play(function* (kit) {
    const p = yield* bind(kit, {}, MANY)
    const mmio = start(p)
    pci.pci_alloc_irq_vectors(p, 8, 8, MSIX)
    for (const nr of [0, 5]) {
      const handler = (): number => (kit.say(`vector ${nr}`), IRQ_HANDLED)
      expect(yield* sim(pci.pci_request_irq(p, nr, handler, null, p, 'many-%d', nr))).toBe(0)
    }
    writel(1, mmio + 20)
    yield* sim(msleep(1))
    writel(1, mmio)
    yield* sim(msleep(1))
    expect(kit.log.slice(1)).toEqual(['vector 5', 'vector 0'])
    for (const nr of [0, 5]) yield* sim(pci.pci_free_irq(p, nr, p))
  })
  expect(k.kinds).toEqual([])
})

test('DM-94: BARs by mask, and parts of a BAR', () => {
  play(function* (kit) {
    const p = yield* bind(kit, {}, MANY)
    start(p)
    expect(pci.pci_select_bars(p, 0x200)).toBe(0b101)
    expect(pci.pci_request_selected_regions(p, 0b100, 'two')).toBe(0)
    expect([pci.pci_request_mem_regions(p, 'all'), pci.pci_request_region(p, 0, 'x')]).toEqual([
      -EBUSY,
      0,
    ])
    expect(readl(pci.pci_iomap_range(p, 2, 0x100, 0))).toBe(0x20100)
    expect([pci.pci_iomap_range(p, 2, 0x2000, 0), pci.pci_iomap(p, 1, 0)]).toEqual([0, 0])
    expect(pci.pci_resource_end(p, 2) - pci.pci_resource_start(p, 2)).toBe(0x1fff)
  })
})

test('DM-100: enabling twice is undone twice; regions and mappings by themselves', () => {
  play(function* (kit) {
    const probe = (p: pci.pci_dev): number => {
      expect([pci.pcim_enable_device(p), pci.pcim_enable_device(p), p.enable_cnt]).toEqual([0, 0, 2])
      expect(pci.pcim_request_all_regions(p, 'drv')).toBe(0)
      expect(PTR_ERR(pci.pcim_iomap_region(p, 0, 'again'))).toBe(-EBUSY)
      expect(IS_ERR(pci.pcim_iomap_range(p, 2, 0x1000, 0x10))).toBe(false)
      expect([pci.pcim_intx(p, 0), command(p) & 0x400]).toEqual([0, 0x400])
      return 0
    }
    const p = yield* bind(kit, { probe }, MANY)
    yield* sim(device_release_driver(p.dev))
    expect([p.enable_cnt, command(p) & 0x400, pci.pci_request_regions(p, 'free')]).toEqual([0, 0, 0])
  })
})

test('DM-100: one managed region and its mapping are given back early', () => {
  play(function* (kit) {
    const p = yield* bind(kit, {}, MANY)
    pci.pci_enable_device(p)
    const mmio = pci.pcim_iomap_region(p, 2, 'drv')
    expect(readl(mmio)).toBe(0x20000)
    pci.pcim_iounmap_region(p, 2)
    expect([pci.pci_request_region(p, 2, 'next'), pci.pcim_iomap_table(p)[2]]).toEqual([0, 0])
  })
})
