import { expect, test } from 'vitest'
import { machine } from '../../../src-sim/engine/current'
import * as dma from '../../../src-sim/linux/dma-mapping'
import type { device } from '../../../src-sim/linux/device'
import { ERR_PTR } from '../../../src-sim/linux/err'
import * as iommu from '../../../src-sim/linux/iommu'
import { GFP_KERNEL } from '../../../src-sim/linux/slab'
import { sim } from '../../sim/harness'
import { buffer, onBus, onCard, slotOf } from './iommu-kit'

const PAGE = 4096
const RW = iommu.IOMMU_READ | iommu.IOMMU_WRITE

/** An IOMMU of a driver's own that maps pages one by one and writes down what it is asked. */
class own_iommu {
  readonly unit = new iommu.iommu_device()
  readonly said: string[] = []
  readonly mapped = new Map<number, number>()
  refuses = false
  readonly ops: iommu.iommu_ops = {
    probe_device: () => this.unit,
    device_group: iommu.generic_device_group,
    domain_alloc_paging: () => new iommu.iommu_domain({ pgsize_bitmap: PAGE }),
    default_domain_ops: {
      attach_dev: () => {
        this.said.push('attach')
        return this.refuses ? -5 : 0
      },
      map_pages: (_domain, iova, paddr, pgsize, count, _prot, _gfp, mapped) => {
        for (let i = 0; i < count; i++) this.mapped.set(iova + i * pgsize, paddr + i * pgsize)
        mapped.value = pgsize * count
        return 0
      },
      unmap_pages: (_domain, iova, pgsize, count) => {
        let done = 0
        while (done < count && this.mapped.delete(iova + done * pgsize)) done++
        return done * pgsize
      },
      iotlb_sync: () => void this.said.push('sync'),
      iova_to_phys: (_domain, iova) => {
        const page = this.mapped.get(iova - (iova % PAGE))
        return page === undefined ? 0 : page + (iova % PAGE)
      },
    },
  }
}

test('IOMMU-15: an attach that is deferred happens with the first map', () => {
  onCard('none', function* ({ pdev }) {
    const own = new own_iommu()
    own.ops.is_attach_deferred = () => true
    expect(yield* sim(iommu.iommu_device_register(own.unit, own.ops, null))).toBe(0)
    expect(own.said).toEqual([])
    expect(dma.dma_map_single(pdev.dev, buffer(), PAGE, dma.DMA_BIDIRECTIONAL)).not.toBe(-1)
    expect(own.said).toEqual(['attach'])
  })
})

test('IOMMU-15: a deferred attach that fails makes the map fail', () => {
  onCard('none', function* ({ pdev }) {
    const own = new own_iommu()
    own.ops.is_attach_deferred = () => true
    own.refuses = true
    yield* sim(iommu.iommu_device_register(own.unit, own.ops, null))
    expect(dma.dma_map_single(pdev.dev, buffer(), PAGE, dma.DMA_BIDIRECTIONAL)).toBe(-1)
  })
})

test('IOMMU-16, IOMMU-17: drivers that map pages one by one are told about misalignment in the log', () => {
  const { log } = onCard('none', function* ({ pdev }) {
    const own = new own_iommu()
    yield* sim(iommu.iommu_device_register(own.unit, own.ops, null))
    const domain = iommu.iommu_get_domain_for_dev(pdev.dev)!
    expect(yield* sim(iommu.iommu_map(domain, 0x10, 0, PAGE, RW, GFP_KERNEL))).toBe(-22)
    expect(yield* sim(iommu.iommu_unmap(domain, 0, 0x10))).toBe(0)
    expect(yield* sim(iommu.iommu_map(domain, 0, PAGE, 3 * PAGE, RW, GFP_KERNEL))).toBe(0)
    expect(yield* sim(iommu.iommu_unmap(domain, 0, 4 * PAGE))).toBe(3 * PAGE)
  })
  expect(log.filter((l) => l.startsWith('iommu:'))).toEqual([
    'iommu: unaligned: iova 0x10 pa 0x0000000000000000 size 0x1000 min_pagesz 0x1000',
    'iommu: unaligned: iova 0x0 size 0x10 min_pagesz 0x1000',
  ])
})

test('IOMMU-06: a group whose second member refuses goes back as a whole', () => {
  onBus('none', [slotOf('01:00.0'), slotOf('02:00.0')], function* () {
    const own = new own_iommu()
    let group: iommu.iommu_group | null = null
    own.ops.device_group = () => {
      group ??= iommu.iommu_group_alloc()
      return iommu.iommu_group_ref_get(group)
    }
    yield* sim(iommu.iommu_device_register(own.unit, own.ops, null))
    const before = group!.domain
    const refusing = new iommu.iommu_domain({ pgsize_bitmap: PAGE, owner: own.ops })
    const attached: device[] = []
    refusing.ops = { attach_dev: (_d, dev) => (attached.push(dev) === 2 ? -5 : 0) }
    expect(yield* sim(iommu.iommu_attach_group(refusing, group!))).toBe(-5)
    expect([attached.length, group!.domain === before]).toEqual([2, true])
  })
})

test('IOMMU-02: a device for which the driver has no IOMMU is added all the same', () => {
  const { log } = onCard('none', function* ({ pdev }) {
    const own = new own_iommu()
    own.ops.probe_device = () => ERR_PTR<iommu.iommu_device>(-19)
    yield* sim(iommu.iommu_device_register(own.unit, own.ops, null))
    expect([pdev.dev.iommu, pdev.dev.iommu_group]).toEqual([null, null])
    expect(machine().findings).toEqual([])
  })
  expect(log).toEqual([])
})
