import { expect, test } from 'vitest'
import { machine } from '../../../src-sim/engine/current'
import type { Sim } from '../../../src-sim/engine/suspend'
import { findFile, showFile, storeFile } from '../../../src-sim/kernel/base/sysfs'
import { releaseDriver } from '../../../src-sim/kernel/base/bind'
import { insert, unplug } from '../../../src-sim/kernel/pci/hotplug'
import * as dma from '../../../src-sim/linux/dma-mapping'
import * as iommu from '../../../src-sim/linux/iommu'
import { msleep } from '../../../src-sim/linux/delay'
import { IS_ERR, PTR_ERR } from '../../../src-sim/linux/err'
import { get_device } from '../../../src-sim/linux/device'
import { PCI_ANY_ID, pci_driver, pci_register_driver, pci_reset_function, pci_unregister_driver, type pci_dev } from '../../../src-sim/linux/pci'
import { GFP_KERNEL } from '../../../src-sim/linux/slab'
import { sim } from '../../sim/harness'
import { at, buffer, card, onBus, onCard, physOf, slotOf, smart_card } from './iommu-kit'

const PAGE = 4096
const RW = iommu.IOMMU_READ | iommu.IOMMU_WRITE
const one = Uint8Array.of(7)

function* read(path: string): Sim<string> {
  return String(yield* showFile(findFile(path) as never))
}
function* write(path: string, text: string): Sim<number> {
  return yield* storeFile(findFile(path) as never, text)
}
const type = (group: number): string => `/sys/kernel/iommu_groups/${group}/type`

const driver = (init: Partial<pci_driver> = {}): pci_driver =>
  new pci_driver({ name: 'test', id_table: [{ vendor: PCI_ANY_ID, device: 1 }], probe: () => 0, remove() {}, ...init })

test('IOMMU-01: a device whose IOMMU is not known has none', () => {
  onCard('none', function* ({ pdev }) {
    expect(iommu.iommu_get_domain_for_dev(pdev.dev)).toBeNull()
    expect(iommu.iommu_group_get(pdev.dev)).toBeNull()
    expect(yield* sim(iommu.iommu_attach_device(new iommu.iommu_domain(), pdev.dev))).toBe(-19)
  })
})

test('IOMMU-02: a hot-plugged device joins a group, with a line; again after removal, with its number', () => {
  const { log } = onBus('lazy', [{ ...slotOf('01:00.0'), present: false }, slotOf('02:00.0')], function* () {
    yield* insert(machine(), '01:00.0')
    yield* unplug(machine(), '01:00.0', false)
    yield* insert(machine(), '01:00.0')
  })
  expect(log.filter((l) => l.includes('iommu group'))).toEqual([
    'pci 0000:01:00.0: Adding to iommu group 7', 'pci 0000:01:00.0: Adding to iommu group 7',
  ])
})

test('IOMMU-03: functions of a card share a group unless they are isolated; cards behind ports do not', () => {
  onBus('lazy', [slotOf('01:00.0'), slotOf('01:00.1'), slotOf('02:00.0')], function* () {
    const [a, b, c] = ['01:00.0', '01:00.1', '02:00.0'].map((s) => at(s).pdev.dev.iommu_group)
    expect([a === b, a === c]).toEqual([a === b, false])
    expect(at('01:00.0').pdev.multifunction ? a === b : true).toBe(true)
  })
})

test('IOMMU-04: the boot policy chooses the type: lazy, strict, untranslated', () => {
  for (const [mode, name] of [['lazy', 'DMA-FQ'], ['strict', 'DMA'], ['passthrough', 'identity']] as const)
    onCard(mode, function* () {
      expect(yield* read(type(6))).toBe(`${name}\n`)
    })
  onCard({ mode: 'lazy', cachingMode: true }, function* () {
    expect(yield* read(type(6))).toBe('DMA\n')
  })
})

test('IOMMU-05: mapping into a domain that does not page warns and fails', () => {
  const { kinds } = onCard('passthrough', function* ({ pdev }) {
    const domain = iommu.iommu_get_domain_for_dev(pdev.dev)!
    expect(iommu.iommu_iova_to_phys(domain, 0x1234)).toBe(0x1234)
    expect(yield* sim(iommu.iommu_map(domain, 0, 0, PAGE, RW, GFP_KERNEL))).toBe(-22)
    expect(yield* sim(iommu.iommu_unmap(domain, 0, PAGE))).toBe(0)
  })
  expect(kinds).toEqual(['warn.iommu-map-not-paging', 'warn.iommu-unmap-not-paging'])
})

function* domainFor(dev: pci_dev['dev']): Sim<iommu.iommu_domain> {
  const domain = (yield* sim(iommu.iommu_paging_domain_alloc(dev))) as iommu.iommu_domain
  expect(IS_ERR(domain)).toBe(false)
  return domain
}

test('IOMMU-06: a second foreign domain is busy, one of another IOMMU is invalid', () => {
  onCard('lazy', function* ({ pdev, hardware }) {
    const domain = yield* domainFor(pdev.dev)
    const other = yield* domainFor(pdev.dev)
    expect(yield* sim(iommu.iommu_attach_device(new iommu.iommu_domain(), pdev.dev))).toBe(-22)
    expect(yield* sim(iommu.iommu_attach_device(domain, pdev.dev))).toBe(0)
    expect(yield* sim(iommu.iommu_attach_device(other, pdev.dev))).toBe(-16)
    const b = buffer()
    expect(yield* sim(iommu.iommu_map(domain, 0x10000, physOf(b), PAGE, RW, GFP_KERNEL))).toBe(0)
    expect(hardware.dma_write(0x10000, one)).toBe(true)
    expect(b[0]).toBe(7)
  })
})

test('IOMMU-07: detaching gives the default domain back; of a domain that is not attached it warns', () => {
  const { kinds } = onCard('lazy', function* ({ pdev }) {
    const before = iommu.iommu_get_domain_for_dev(pdev.dev)
    const domain = yield* domainFor(pdev.dev)
    yield* sim(iommu.iommu_detach_device(domain, pdev.dev))
    yield* sim(iommu.iommu_attach_device(domain, pdev.dev))
    expect(iommu.iommu_get_domain_for_dev(pdev.dev)).toBe(domain)
    yield* sim(iommu.iommu_detach_device(domain, pdev.dev))
    expect(iommu.iommu_get_domain_for_dev(pdev.dev)).toBe(before)
  })
  expect(kinds).toEqual(['warn.iommu-detach'])
})

test('IOMMU-08: replacing goes from one domain to the next; the handle that is there cannot be reused', () => {
  const { kinds } = onCard('lazy', function* ({ pdev }) {
    const group = iommu.iommu_group_get(pdev.dev)!
    const [a, b] = [yield* domainFor(pdev.dev), yield* domainFor(pdev.dev)]
    const [h, k] = [new iommu.iommu_attach_handle(), new iommu.iommu_attach_handle()]
    expect(yield* sim(iommu.iommu_attach_group_handle(a, group, h))).toBe(0)
    expect(yield* sim(iommu.iommu_replace_group_handle(group, b, k))).toBe(0)
    expect(iommu.iommu_get_domain_for_dev(pdev.dev)).toBe(b)
    expect(yield* sim(iommu.iommu_attach_device_pasid(a, pdev.dev, 3, h))).toBe(0)
    expect(yield* sim(iommu.iommu_replace_device_pasid(b, pdev.dev, 3, h))).toBe(-22)
    expect(yield* sim(iommu.iommu_replace_device_pasid(b, pdev.dev, 0, k))).toBe(-22)
    expect(yield* sim(iommu.iommu_replace_device_pasid(b, pdev.dev, 4, k))).toBe(-22)
    expect(yield* sim(iommu.iommu_replace_device_pasid(b, pdev.dev, 3, k))).toBe(0)
  }, smart_card)
  expect(kinds).toEqual(['warn.iommu-same-handle'])
})

test('IOMMU-09: an owner keeps drivers out and blocks the device; drivers keep owners out', () => {
  const { kinds, log } = onCard('strict', function* ({ pdev, hardware }) {
    const me = {}
    expect(yield* sim(iommu.iommu_device_claim_dma_owner(pdev.dev, null))).toBe(-22)
    expect(yield* sim(iommu.iommu_device_claim_dma_owner(pdev.dev, me))).toBe(0)
    expect(yield* sim(iommu.iommu_device_claim_dma_owner(pdev.dev, me))).toBe(0)
    expect(yield* sim(iommu.iommu_device_claim_dma_owner(pdev.dev, {}))).toBe(-1)
    const group = iommu.iommu_group_get(pdev.dev)!
    expect(iommu.iommu_group_dma_owner_claimed(group)).toBe(true)
    expect(hardware.dma_write(0x1000, one)).toBe(false)
    const drv = driver()
    yield* sim(pci_register_driver(drv))
    expect(pdev.dev.driver).toBeNull()
    yield* sim(iommu.iommu_device_release_dma_owner(pdev.dev))
    yield* sim(iommu.iommu_device_release_dma_owner(pdev.dev))
    yield* sim(pci_unregister_driver(drv))
    yield* sim(pci_register_driver(drv))
    expect(pdev.dev.driver).toBe(drv.driver)
    expect(yield* sim(iommu.iommu_group_claim_dma_owner(group, me))).toBe(-1)
  })
  expect(kinds).toEqual(['warn.iommu-no-owner', 'iommu.fault'])
  expect(log.join('\n')).toContain('fault reason 0x02] Present bit in context entry is clear')
})

test('IOMMU-10: reserved regions are shown, sorted, with their kind', () => {
  onCard('lazy', function* () {
    expect(yield* read('/sys/kernel/iommu_groups/6/reserved_regions')).toBe(
      '0x00000000fee00000 0x00000000feefffff msi\n',
    )
  })
})

test('IOMMU-11: the type changes while no driver is bound, and to lazy also then', () => {
  onCard('strict', function* ({ pdev }) {
    const drv = driver()
    yield* sim(pci_register_driver(drv))
    expect(yield* write(type(6), 'nonsense')).toBe(-22)
    expect(yield* write(type(6), 'identity')).toBe(-1)
    expect(yield* write(type(6), 'DMA-FQ\n')).toBe(7)
    expect(yield* read(type(6))).toBe('DMA-FQ\n')
    yield* sim(pci_unregister_driver(drv))
    expect(yield* write(type(6), 'identity')).toBe(8)
    expect([yield* read(type(6)), pdev.dev.dma_iommu]).toEqual(['identity\n', false])
    expect(yield* write(type(6), 'auto')).toBe(4)
    expect([yield* read(type(6)), pdev.dev.dma_iommu]).toEqual(['DMA\n', true])
  })
})

test('IOMMU-12, DMA-60: a device that has left its bus is blocked, and its DMA API calls go direct', () => {
  onCard('strict', function* ({ pdev }) {
    const drv = driver()
    yield* sim(pci_register_driver(drv))
    get_device(pdev.dev)
    yield* unplug(machine(), '01:00.0', false)
    expect([pdev.dev.iommu, pdev.dev.iommu_group, pdev.dev.dma_iommu]).toEqual([null, null, false])
    const b = buffer()
    expect(dma.dma_map_single(pdev.dev, b, PAGE, 0)).toBe(physOf(b))
  })
})

test('IOMMU-13: nobody keeps a domain alive: an attached one can be freed', () => {
  onCard('strict', function* ({ pdev }) {
    const domain = yield* domainFor(pdev.dev)
    yield* sim(iommu.iommu_attach_device(domain, pdev.dev))
    yield* sim(iommu.iommu_domain_free(domain))
    expect(iommu.iommu_get_domain_for_dev(pdev.dev)).toBe(domain)
  })
})

test('IOMMU-14: a function with ATS is parked during its reset, one without is not', () => {
  for (const [model, during] of [[smart_card, -16], [card, 0]] as const)
    onCard('strict', function* ({ pdev, hardware }) {
      const domain = yield* domainFor(pdev.dev)
      const seen: number[] = []
      const drv = driver({ driver_managed_dma: true })
      yield* sim(pci_register_driver(drv))
      const asked = machine().spawn('asks', (function* (): Sim {
        while (!(hardware as { resets?: number }).resets) yield* sleepTick()
        seen.push(yield* sim(iommu.iommu_attach_device(domain, pdev.dev)))
      })())
      yield* sim(pci_reset_function(pdev))
      expect(asked.state).toBe('dead')
      expect(seen).toEqual([during])
    }, counting(model))
})

function* sleepTick(): Sim {
  yield* sim(msleep(1))
}

test('IOMMU-17: unmapping stops at a hole and takes whole large pages', () => {
  onCard('strict', function* ({ pdev }) {
    const domain = yield* domainFor(pdev.dev)
    const MB2 = 0x20_0000
    yield* sim(iommu.iommu_map(domain, MB2, MB2, MB2, RW, GFP_KERNEL))
    expect(yield* sim(iommu.iommu_unmap(domain, MB2 + PAGE, PAGE))).toBe(0)
    expect(iommu.iommu_iova_to_phys(domain, MB2 + 5)).toBe(MB2 + 5)
    expect(yield* sim(iommu.iommu_unmap(domain, MB2, PAGE))).toBe(MB2)
    yield* sim(iommu.iommu_map(domain, 0, PAGE, PAGE, RW, GFP_KERNEL))
    expect(yield* sim(iommu.iommu_unmap(domain, 0, 3 * PAGE))).toBe(PAGE)
  })
})

test('IOMMU-16: what does not fit is refused without a word, each in its own way', () => {
  const { log, kinds } = onCard('strict', function* ({ pdev }) {
    const domain = yield* domainFor(pdev.dev)
    const map = (iova: number, phys: number, size: number, prot = RW) =>
      sim(iommu.iommu_map(domain, iova, phys, size, prot, GFP_KERNEL))
    expect(yield* map(1, PAGE, PAGE)).toBe(-6)
    expect(yield* map(PAGE, PAGE, 0)).toBe(-22)
    expect(yield* map(2 ** 40, PAGE, PAGE)).toBe(-34)
    expect(yield* map(PAGE, PAGE, 2 * PAGE)).toBe(0)
    expect(yield* map(2 * PAGE, PAGE, PAGE)).toBe(-98)
    expect(yield* map(0, PAGE, 2 * PAGE)).toBe(-98)
    expect(iommu.iommu_iova_to_phys(domain, 0)).toBe(0)
    expect(yield* map(0x8000, PAGE, PAGE, 0)).toBe(-22)
  })
  expect(kinds).toEqual(['warn.iommu-no-permission'])
  expect(log.filter((l) => l.startsWith('iommu:'))).toEqual([])
})

test('DMA-55, DMA-56: binding claims the default domain, unbinding drops the claim before devres', () => {
  onCard('strict', function* ({ pdev }) {
    const group = pdev.dev.iommu_group!
    let inProbe = 0
    const drv = driver({ probe: () => { inProbe = group.owner_cnt; return 0 } })
    yield* sim(pci_register_driver(drv))
    expect([inProbe, group.owner_cnt]).toEqual([1, 1])
    yield* releaseDriver(pdev.dev)
    expect(group.owner_cnt).toBe(0)
    yield* sim(pci_unregister_driver(drv))
    const managed = driver({ driver_managed_dma: true })
    yield* sim(pci_register_driver(managed))
    expect(group.owner_cnt).toBe(0)
  })
})

test('DMA-57: what a driver has left mapped stays mapped after it is gone', () => {
  onCard('strict', function* ({ hardware }) {
    let address = 0
    const b = buffer()
    const drv = driver({ probe: (p) => { address = dma.dma_map_single(p.dev, b, PAGE, 0); return 0 } })
    yield* sim(pci_register_driver(drv))
    yield* sim(pci_unregister_driver(drv))
    expect(hardware.dma_write(address, one)).toBe(true)
  })
})

test('DMA-58: with another owner the default domain is still edited, and the device sees nothing of it', () => {
  onCard('strict', function* ({ pdev, hardware }) {
    yield* sim(iommu.iommu_device_claim_dma_owner(pdev.dev, {}))
    const a = dma.dma_map_single(pdev.dev, buffer(), PAGE, 0)
    expect(a).not.toBe(-1)
    expect(hardware.dma_write(a, one)).toBe(false)
    yield* sim(iommu.iommu_device_release_dma_owner(pdev.dev))
    expect(hardware.dma_write(a, one)).toBe(true)
  })
})

test('DMA-61: a device without its group gets errors where there is a check, and an oops where not', () => {
  const { kinds } = onCard('strict', function* ({ pdev }) {
    const domain = yield* domainFor(pdev.dev)
    get_device(pdev.dev)
    yield* unplug(machine(), '01:00.0', false)
    expect(yield* sim(iommu.iommu_attach_device(domain, pdev.dev))).toBe(-19)
    expect(yield* sim(iommu.iommu_attach_device_pasid(domain, pdev.dev, 1, null))).toBe(-19)
    expect(yield* sim(iommu.iommu_device_claim_dma_owner(pdev.dev, {}))).toBe(-19)
    expect(PTR_ERR(yield* sim(iommu.iommu_sva_bind_device(pdev.dev, {} as never)))).toBe(-19)
    yield* sim(iommu.iommu_detach_device(domain, pdev.dev))
    expect(iommu.iommu_get_domain_for_dev(pdev.dev)).toBeNull()
    machine().spawn('oopses', sim(iommu.iommu_device_release_dma_owner(pdev.dev)))
    yield* sleepTick()
  })
  expect(kinds).toEqual(['oops.null-deref'])
})

/** Counts its resets. */
function counting(model: new () => card): new () => card & { resets: number } {
  return class extends model {
    resets = 0
    override reset(): void {
      super.reset()
      this.resets++
    }
  }
}
