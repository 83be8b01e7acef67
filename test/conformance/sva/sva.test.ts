import { expect, test } from 'vitest'
import { machine } from '../../../src-sim/engine/current'
import type { Sim } from '../../../src-sim/engine/suspend'
import type { mm_struct } from '../../../src-sim/kernel/mm/mm-struct'
import { vtd } from '../../../src-sim/kernel/iommu/intel/vtd'
import { unplug } from '../../../src-sim/kernel/pci/hotplug'
import { IS_ERR, PTR_ERR } from '../../../src-sim/linux/err'
import * as iommu from '../../../src-sim/linux/iommu'
import * as ats from '../../../src-sim/linux/pci-ats'
import * as dma from '../../../src-sim/linux/dma-mapping'
import { get_device } from '../../../src-sim/linux/device'
import * as libc from '../../../src-sim/linux/user/libc'
import { sim } from '../../sim/harness'
import { buffer, card, onBus, onCard, sleepMs, slotOf, at, smart_card, type Card } from '../iommu/iommu-kit'
import { BASE, map, mine, PAGE, pte, touch } from '../mm/kit'

/** Remembers what it is answered. */
class asking_card extends smart_card {
  readonly answers: [group: number, code: number][] = []
  override page_response(group: number, code: number): void {
    this.answers.push([group, code])
  }
}
const asking = (one: Card): asking_card => one.hardware as asking_card
const one = Uint8Array.of(7)

function* bind(dev: Card['pdev']['dev'], mm = mine()): Sim<iommu.iommu_sva> {
  const bond = (yield* sim(iommu.iommu_sva_bind_device(dev, mm))) as iommu.iommu_sva
  expect(PTR_ERR(bond)).toBe(0)
  return bond
}

const program = function* (body: () => Sim): Sim<number> {
  return yield* sim(libc.waitpid(yield* sim(libc.fork(body as never))))
}

test('SVA-01, SVA-03: one PASID for an address space; a second bind of the pair is the same bond', () => {
  onBus('strict', [slotOf('01:00.0', smart_card), slotOf('02:00.0', smart_card)], function* () {
    const [a, b] = [at('01:00.0').pdev.dev, at('02:00.0').pdev.dev]
    const bond = yield* bind(a)
    expect(yield* bind(a)).toBe(bond)
    const other = yield* bind(b)
    expect([iommu.iommu_sva_get_pasid(bond), iommu.iommu_sva_get_pasid(other)]).toEqual([1, 1])
    expect(bond.handle.domain).toBe(other.handle.domain)
    yield* program(function* () {
      expect(iommu.iommu_sva_get_pasid(yield* bind(b))).toBe(2)
    })
  })
})

test('SVA-01: a device without PASIDs gets none, and cannot be bound', () => {
  onCard('strict', function* ({ pdev }) {
    expect(iommu.iommu_alloc_global_pasid(pdev.dev)).toBe(iommu.IOMMU_PASID_INVALID)
    expect(PTR_ERR(yield* sim(iommu.iommu_sva_bind_device(pdev.dev, mine())))).toBe(-28)
  })
})

test('SVA-02: what switching PASIDs and page requests on is refused for', () => {
  const { kinds } = onCard('strict', function* ({ pdev }) {
    expect([pdev.pasid_enabled, pdev.ats_enabled, pdev.pri_enabled]).toEqual([1, 1, 1])
    expect(ats.pci_enable_pasid(pdev, 0)).toBe(-16)
    expect(ats.pci_enable_pri(pdev, 8)).toBe(-16)
    ats.pci_disable_pasid(pdev)
    expect(ats.pci_enable_pasid(pdev, ats.PCI_PASID_CAP_EXEC)).toBe(-22)
    expect([ats.pci_max_pasids(pdev), pdev.pri_reqs_alloc]).toEqual([256, 32])
  }, smart_card)
  expect(kinds).toEqual(['warn.pci-ats', 'warn.pci-ats'])
  onCard('strict', function* ({ pdev }) {
    expect([ats.pci_enable_pasid(pdev, 0), ats.pci_enable_pri(pdev, 1), ats.pci_max_pasids(pdev)]).toEqual([-22, -22, -22])
  })
})

test('SVA-03: errors of binding: a PASID too large for the device, one that is taken, no ATS', () => {
  class small extends smart_card {
    override pasidBits = 1
  }
  onBus('strict', [slotOf('01:00.0', smart_card), slotOf('02:00.0', small)], function* () {
    const [a, b] = [at('01:00.0').pdev.dev, at('02:00.0').pdev]
    yield* bind(a)
    yield* program(function* () {
      yield* bind(a)
      expect(PTR_ERR(yield* sim(iommu.iommu_sva_bind_device(b.dev, mine())))).toBe(-75)
    })
    ats.pci_disable_ats(b)
    expect(PTR_ERR(yield* sim(iommu.iommu_sva_bind_device(b.dev, mine())))).toBe(0)
  })
  onCard('strict', function* ({ pdev }) {
    ats.pci_disable_ats(pdev)
    expect(PTR_ERR(yield* sim(iommu.iommu_sva_bind_device(pdev.dev, mine())))).toBe(-22)
    expect(mine().iommu_mm!.pasid).toBe(1)
  }, smart_card)
})

test('SVA-04: the bond keeps the structure of the address space, not its users', () => {
  onCard('strict', function* ({ pdev }) {
    const before = [mine().mm_users.counter, mine().mm_count.counter]
    const bond = yield* bind(pdev.dev)
    expect([mine().mm_users.counter, mine().mm_count.counter]).toEqual([before[0], before[1]! + 2])
    yield* sim(iommu.iommu_sva_unbind_device(bond))
    yield* sleepMs(50)
    expect(mine().mm_count.counter).toBe(before[1])
  }, smart_card)
})

test('SVA-05: errors of attaching to a PASID, in their order', () => {
  onCard('strict', function* ({ pdev }) {
    const domain = (yield* sim(iommu.iommu_paging_domain_alloc(pdev.dev))) as iommu.iommu_domain
    const attach = (d: iommu.iommu_domain, pasid: number) =>
      sim(iommu.iommu_attach_device_pasid(d, pdev.dev, pasid, null))
    expect(yield* attach(new iommu.iommu_domain({ ops: {} }), 0)).toBe(-95)
    expect(yield* attach(new iommu.iommu_domain({ ops: domain.ops }), 1)).toBe(-22)
    expect(yield* attach(domain, 0)).toBe(-22)
    expect(yield* attach(domain, 256)).toBe(-22)
    expect(yield* attach(domain, 255)).toBe(0)
    expect(yield* attach(domain, 255)).toBe(-16)
    yield* sim(iommu.iommu_detach_device_pasid(domain, pdev.dev, 255))
    expect(yield* attach(domain, 255)).toBe(0)
  }, smart_card)
})

test('SVA-06: only the last unbind blocks the PASID; the number stays with the address space', () => {
  onCard('strict', function* ({ pdev, hardware }) {
    yield* map(1)
    yield* touch(BASE, 1)
    const bond = yield* bind(pdev.dev)
    yield* bind(pdev.dev)
    const pasid = iommu.iommu_sva_get_pasid(bond)
    yield* sim(iommu.iommu_sva_unbind_device(bond))
    expect(hardware.dma_read(BASE, 1, pasid)![0]).toBe(1)
    yield* sim(iommu.iommu_sva_unbind_device(bond))
    expect(hardware.dma_read(BASE, 1, pasid)).toBeNull()
    expect(iommu.iommu_sva_get_pasid(yield* bind(pdev.dev))).toBe(pasid)
  }, smart_card)
})

test('SVA-06: a number that is reused leads a device that never stopped into another process', () => {
  onCard('strict', function* ({ pdev, hardware }) {
    yield* program(function* () {
      yield* sim(iommu.iommu_sva_unbind_device(yield* bind(pdev.dev)))
    })
    yield* sleepMs(50)
    yield* map(1)
    yield* touch(BASE, 1)
    expect(iommu.iommu_sva_get_pasid(yield* bind(pdev.dev))).toBe(1)
    expect(hardware.dma_write(BASE, one, 1)).toBe(true)
    expect(yield* sim(libc.load8(BASE))).toBe(7)
  }, smart_card)
})

test('SVA-07: a child has no PASID of its own until it is bound', () => {
  onCard('strict', function* ({ pdev }) {
    yield* bind(pdev.dev)
    yield* program(function* () {
      expect(mine().iommu_mm).toBeNull()
    })
  }, smart_card)
})

test('SVA-08, SVA-09: the address space ends under a live bond: accesses vanish without a record', () => {
  const { log } = onCard('strict', function* ({ pdev, hardware }) {
    let bond: iommu.iommu_sva | null = null
    let gone: mm_struct | null = null
    yield* program(function* () {
      yield* map(1)
      yield* touch(BASE, 1)
      bond = yield* bind(pdev.dev)
      gone = mine()
      expect(hardware.dma_write(BASE, one, 1)).toBe(true)
    })
    expect(gone!.mm_users.counter).toBe(0)
    expect(hardware.dma_write(BASE, one, 1)).toBe(false)
    yield* sim(iommu.iommu_sva_unbind_device(bond!))
    yield* sleepMs(50)
  }, smart_card)
  expect(log.filter((l) => l.startsWith('DMAR'))).toEqual([])
})

test('SVA-10: pages that are unmapped are out of the device\'s reach before they are freed', () => {
  onCard('strict', function* ({ pdev, hardware }) {
    yield* map(2)
    yield* touch(BASE, 2)
    const pasid = iommu.iommu_sva_get_pasid(yield* bind(pdev.dev))
    expect(hardware.dma_write(BASE, one, pasid)).toBe(true)
    yield* sim(libc.munmap(BASE, PAGE))
    expect(hardware.dma_write(BASE, one, pasid)).toBe(false)
    expect(hardware.dma_write(BASE + PAGE, one, pasid)).toBe(true)
  }, smart_card)
})

test('SVA-11, SVA-12: a group is answered once, by the first error; good pages are there afterwards', () => {
  onCard('strict', function* (c) {
    yield* map(2)
    const pasid = iommu.iommu_sva_get_pasid(yield* bind(c.pdev.dev))
    const device = asking(c)
    expect(device.dma_write(BASE, one, pasid)).toBe(false)
    device.request_page({ pasid, address: BASE, write: true, group: 5, last: false })
    device.request_page({ pasid, address: BASE + PAGE, write: true, group: 5 })
    yield* sleepMs(5)
    expect(device.answers).toEqual([[5, iommu.IOMMU_PAGE_RESP_SUCCESS]])
    expect([pte(BASE), pte(BASE + PAGE)].map((p) => p?.write)).toEqual([true, true])
    expect(device.dma_write(BASE, one, pasid)).toBe(true)
    device.request_page({ pasid, address: BASE + 5 * PAGE, group: 6 })
    yield* sleepMs(5)
    expect(device.answers[1]).toEqual([6, iommu.IOMMU_PAGE_RESP_INVALID])
  }, asking_card)
})

test('SVA-12: permission that the mapping has not, and a process that has gone, are invalid; nothing is printed', () => {
  const { log } = onCard('strict', function* (c) {
    const device = asking(c)
    yield* map(1, BASE, libc.PROT_READ)
    const pasid = iommu.iommu_sva_get_pasid(yield* bind(c.pdev.dev))
    device.request_page({ pasid, address: BASE, write: true, group: 1 })
    yield* sleepMs(5)
    yield* program(function* () {
      yield* bind(c.pdev.dev)
    })
    device.request_page({ pasid: 2, address: BASE, group: 2 })
    yield* sleepMs(5)
    expect(device.answers).toEqual([[1, 1], [2, 1]])
  }, asking_card)
  expect(log).toEqual([])
})

test('SVA-13: without a handler, or without a queue, the answer is INVALID', () => {
  const { kinds } = onCard('strict', function* (c) {
    const device = asking(c)
    device.request_page({ pasid: 9, address: BASE, group: 1 })
    yield* sleepMs(5)
    expect(device.answers).toEqual([[1, 1]])
    const bond = yield* bind(c.pdev.dev)
    const { queue } = c.pdev.dev.iommu!.fault_param!
    yield* sim(iommu.iopf_queue_remove_device(queue, c.pdev.dev))
    device.request_page({ pasid: iommu.iommu_sva_get_pasid(bond), address: BASE, group: 2 })
    yield* sleepMs(5)
    expect(device.answers[1]).toEqual([2, 1])
  }, asking_card)
  expect(kinds).toEqual(['warn.iopf-no-queue'])
})

test('SVA-13: a handler that fails: a line, and FAILURE', () => {
  const { log } = onCard('strict', function* (c) {
    const device = asking(c)
    const bond = yield* bind(c.pdev.dev)
    bond.handle.domain!.iopf_handler = () => -12
    device.request_page({ pasid: 1, address: BASE, group: 1 })
    yield* sleepMs(5)
    expect(device.answers).toEqual([[1, iommu.IOMMU_PAGE_RESP_FAILURE]])
  }, asking_card)
  expect(log).toEqual(['pci 0000:01:00.0: iopf with pasid 1 aborted'])
})

test('SVA-14: leaving the queue answers what waits; adding, removing and flushing have their errors', () => {
  const { kinds } = onCard('strict', function* (c) {
    const { dev } = c.pdev
    const queue = iommu.iopf_queue_alloc('test')!
    expect(iommu.iopf_queue_add_device(queue, dev)).toBe(0)
    expect(iommu.iopf_queue_add_device(queue, dev)).toBe(-16)
    asking(c).request_page({ pasid: 1, address: BASE, group: 3, last: false })
    yield* sleepMs(5)
    yield* sim(iommu.iopf_queue_remove_device(iommu.iopf_queue_alloc('other')!, dev))
    yield* sim(iommu.iopf_queue_remove_device(queue, dev))
    expect(yield* sim(iommu.iopf_queue_flush_dev(dev))).toBe(-19)
    expect(iommu.iopf_queue_discard_partial(null)).toBe(-22)
    yield* sim(iommu.iopf_queue_free(queue))
  }, asking_card)
  expect(kinds).toEqual(['warn.iopf-wrong-queue', 'warn.iopf-flush-removed'])
})

test('SVA-15: requests that make no sense are named and answered; a stop marker is not', () => {
  const { log } = onCard('strict', function* (c) {
    const device = asking(c)
    device.request_page({ pasid: 1, address: 2 ** 47, group: 1 })
    yield* sleepMs(5)
    const { unit } = vtd(machine())
    const marker = { pasid: 1, address: 0, read: false, write: false, execute: false, privileged: false, group: 2, last: true }
    unit.request({ source: 0x100, ...marker }, () => device.answers.push([2, 99]))
    unit.request({ source: 0x999, ...marker, read: true, group: 3 }, (_g, code) => device.answers.push([3, code]))
    yield* sleepMs(5)
    expect(device.answers).toEqual([[1, 1], [3, 1]])
  }, asking_card)
  expect(log[0]).toBe('DMAR: IOMMU: dmar0: Address is not canonical')
  expect(log.filter((l) => l.startsWith('DMAR: dmar0: Invalid page request: '))).toHaveLength(2)
})

test('SVA-16: ATS: refused without the capability, for small pages, twice', () => {
  const { kinds } = onCard('strict', function* ({ pdev }) {
    expect(ats.pci_enable_ats(pdev, 12)).toBe(-16)
    ats.pci_disable_ats(pdev)
    expect(ats.pci_enable_ats(pdev, 11)).toBe(-22)
    pdev.untrusted = 1
    expect([ats.pci_ats_supported(pdev), ats.pci_enable_ats(pdev, 12)]).toEqual([false, -22])
  }, smart_card)
  expect(kinds).toEqual(['warn.pci-ats'])
})

test('SVA-18: invalidating the device before the TLB lets the device take the old translation again', () => {
  onCard('lazy', function* ({ pdev, hardware }) {
    const a = dma.dma_map_single(pdev.dev, buffer(), PAGE, dma.DMA_BIDIRECTIONAL)
    hardware.dma_read(a, 1)
    dma.dma_unmap_single(pdev.dev, a, PAGE, dma.DMA_BIDIRECTIONAL)
    const { unit } = vtd(machine())
    unit.invalidateDevice(0x100, null, 0, Infinity)
    expect(hardware.dma_read(a, 1)).not.toBeNull()
    unit.invalidateAll()
    expect(hardware.dma_read(a, 1)).not.toBeNull()
    unit.invalidateDevice(0x100, null, 0, Infinity)
    expect(hardware.dma_read(a, 1)).toBeNull()
  }, smart_card)
})

test('SVA-19: a device that was torn out does not answer: an unmapping waits for nothing and says so', () => {
  const { log } = onCard('strict', function* ({ pdev }) {
    const a = dma.dma_map_single(pdev.dev, buffer(), PAGE, dma.DMA_BIDIRECTIONAL)
    get_device(pdev.dev)
    pdev.$slot!.present = null
    dma.dma_unmap_single(pdev.dev, a, PAGE, dma.DMA_BIDIRECTIONAL)
    yield* unplug(machine(), '01:00.0', true)
  }, smart_card)
  expect(log).toContain('DMAR: Invalidation Time-out Error (ITE) cleared')
})

test('SVA-20: a device without ATS cannot be bound: its memory would have to be pinned', () => {
  class no_ats extends card {
    override pasidBits = 8
  }
  onCard('strict', function* ({ pdev }) {
    expect(IS_ERR(yield* sim(iommu.iommu_sva_bind_device(pdev.dev, mine())))).toBe(true)
  }, no_ats)
})

