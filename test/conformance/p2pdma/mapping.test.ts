import { expect, test } from 'vitest'
import { rootForwards, hostBridge } from '../../../src-sim/kernel/pci/p2pdma-route'
import { requestAcs } from '../../../src-sim/kernel/pci/acs'
import * as d from '../../../src-sim/linux/device'
import * as dma from '../../../src-sim/linux/dma-mapping'
import { freeTableOf, physVecToTable } from '../../../src-sim/kernel/dma-buf/phys-vec'
import {
  dma_buf_dynamic_attach, dma_buf_export, dma_buf_export_info,
} from '../../../src-sim/linux/dma-buf'
import { dma_resv_lock, dma_resv_unlock } from '../../../src-sim/linux/dma-resv'
import { PTR_ERR } from '../../../src-sim/linux/err'
import { EINVAL, EREMOTEIO } from '../../../src-sim/linux/errno'
import { virt_to_page } from '../../../src-sim/linux/mm'
import * as p2p from '../../../src-sim/linux/pci-p2pdma'
import {
  scatterlist, sg_dma_is_bus_address, sg_init_table, sg_set_buf, sg_set_page, sg_table,
} from '../../../src-sim/linux/scatterlist'
import { GFP_KERNEL, kmalloc } from '../../../src-sim/linux/slab'
import type { Sim } from '../../../src-sim/engine/suspend'
import { ptr } from '../../../src-sim/linux/types'
import { sim } from '../../sim/harness'
import type { Kit } from '../device-model/kit'
import { APART, bootCards, copyCards, playAll } from './p2p-kit'

/** One piece of peer memory and one of RAM. */
function* mixed(provider: p2p.pci_dev): Sim<scatterlist[]> {
  yield* sim(p2p.pci_p2pdma_add_resource(provider, 2, 0, 0))
  const memory = (yield* sim(p2p.pci_alloc_p2pmem(provider, 4096))) as number
  const list = [new scatterlist(), new scatterlist()]
  sg_init_table(list, 2)
  sg_set_page(list[0]!, virt_to_page(memory)!, 256, 512)
  sg_set_buf(list[1]!, kmalloc(4096, GFP_KERNEL)!, 4096)
  return list
}

const forwards = (kit: Kit): void =>
  void Object.assign(hostBridge(kit.machine), { vendor: 0x8086, device: 0x2030 })

test('P2P-05: below one switch a piece gets its bus address and nothing is mapped', () => {
  const k = playAll(function* (kit) {
    const { provider, client } = yield* bootCards(kit)
    const list = yield* mixed(provider)
    expect(dma.dma_map_sg(client.dev, list, 2, dma.DMA_BIDIRECTIONAL)).toBe(2)
    const start = provider.resource[2]!.start
    expect([list[0]!.dma_address, list[0]!.dma_length]).toEqual([start + 512, 256])
    expect(list.map(sg_dma_is_bus_address)).toEqual([true, false])
    copyCards[0]!.dma_write(list[0]!.dma_address, Uint8Array.of(9, 8, 7))
    expect([...copyCards[0]!.dma_read(start + 512, 3)!]).toEqual([9, 8, 7])
    dma.dma_unmap_sg(client.dev, list, 2, dma.DMA_BIDIRECTIONAL)
    expect(list.map(sg_dma_is_bus_address)).toEqual([false, false])
  })
  expect(k.kinds).toEqual([])
})

test('P2P-05: through the host bridge it is mapped as memory is', () => {
  const k = playAll(function* (kit) {
    forwards(kit)
    const { provider, client } = yield* bootCards(kit, APART)
    expect(rootForwards()).toBe(true)
    const list = yield* mixed(provider)
    expect(dma.dma_map_sg(client.dev, list, 2, dma.DMA_BIDIRECTIONAL)).toBe(2)
    expect(list.map(sg_dma_is_bus_address)).toEqual([false, false])
    copyCards[0]!.dma_write(list[0]!.dma_address, Uint8Array.of(1, 2))
    expect([...copyCards[0]!.dma_read(list[0]!.dma_address, 2)!]).toEqual([1, 2])
    dma.dma_unmap_sg(client.dev, list, 2, dma.DMA_BIDIRECTIONAL)
  })
  expect(k.kinds).toEqual([])
})

test('P2P-05: what cannot be reached is -EREMOTEIO, and nothing of the list is mapped', () => {
  const k = playAll(function* (kit) {
    const { provider, client } = yield* bootCards(kit, APART)
    const list = yield* mixed(provider)
    expect(dma.dma_map_sg(client.dev, list, 2, dma.DMA_BIDIRECTIONAL)).toBe(0)
    const table = new sg_table()
    table.sgl = list
    table.orig_nents = 2
    expect(dma.dma_map_sgtable(client.dev, table, dma.DMA_BIDIRECTIONAL, 0)).toBe(-EREMOTEIO)
  })
  expect(k.kinds).toEqual([])
})

test('P2P-06: a switch leads to a neighbour whatever the IOMMU says; redirects do not', () => {
  for (const redirected of [false, true])
    playAll(function* (kit) {
      if (redirected) requestAcs(kit.machine)
      const { provider } = yield* bootCards(kit)
      const at = provider.resource[2]!.start
      expect(copyCards[0]!.dma_write(at, Uint8Array.of(5))).toBe(!redirected)
    })
})

test('P2P-07: the page of a peer is not for dma_map_page, its address is for dma_map_phys', () => {
  const k = playAll(function* (kit) {
    forwards(kit)
    const { provider, client } = yield* bootCards(kit, APART)
    const list = yield* mixed(provider)
    const page = virt_to_page((yield* sim(p2p.pci_alloc_p2pmem(provider, 4096))) as number)!
    const own = p2p.pcim_p2pdma_provider(provider, 2)!
    const state = new p2p.pci_p2pdma_map_state()
    expect(p2p.pci_p2pdma_state(state, client.dev, page)).toBe(p2p.PCI_P2PDMA_MAP_THRU_HOST_BRIDGE)
    expect(state.mem).toBe(own)
    const phys = list[0]!.$phys!
    expect(p2p.pci_p2pdma_bus_addr_map(own, phys)).toBe(phys)
    const addr = dma.dma_map_phys(client.dev, phys, 256, dma.DMA_BIDIRECTIONAL, dma.DMA_ATTR_MMIO)
    expect(dma.dma_mapping_error(client.dev, addr)).toBe(0)
    dma.dma_unmap_phys(client.dev, addr, 256, dma.DMA_BIDIRECTIONAL, dma.DMA_ATTR_MMIO)
  })
  expect(k.kinds).toEqual([])
})

test('P2P-02: lists of one entry, and the files of the memory', () => {
  playAll(function* (kit) {
    const { provider } = yield* bootCards(kit)
    yield* sim(p2p.pci_p2pdma_add_resource(provider, 2, 0x2000, 0))
    const nents = ptr(0)
    const sg = (yield* sim(p2p.pci_p2pmem_alloc_sgl(provider, nents, 0x2000)))!
    expect([nents.value, sg.length, provider.$p2pdma!.pool!.available]).toEqual([1, 0x2000, 0])
    expect(yield* sim(p2p.pci_p2pmem_alloc_sgl(provider, nents, 1))).toBe(null)
    yield* sim(p2p.pci_p2pmem_free_sgl(provider, sg))
    expect(provider.$p2pdma!.pool!.available).toBe(0x2000)
    yield* sim(d.device_release_driver(provider.dev))
    expect(provider.$p2pdma).toBe(null)
  })
})

/** A buffer of the BAR, attached by the client. */
function* attached(provider: p2p.pci_dev, client: d.device) {
  const info = new dma_buf_export_info()
  info.ops = { map_dma_buf: () => null as never, unmap_dma_buf: () => {}, release: () => {} } as never
  info.size = 0x2000
  info.priv = provider
  const buffer = yield* sim(dma_buf_export(info))
  const ops = { allow_peer2peer: true, invalidate_mappings: () => {} }
  return { buffer, attach: yield* sim(dma_buf_dynamic_attach(buffer, client, ops, provider)) }
}

test('P2P-08: a table of a BAR has addresses only, one entry for a range', () => {
  const k = playAll(function* (kit) {
    const { provider, client } = yield* bootCards(kit)
    yield* sim(p2p.pcim_p2pdma_init(provider))
    const own = p2p.pcim_p2pdma_provider(provider, 2)!
    const { start } = provider.resource[2]!
    const { buffer, attach } = yield* attached(provider, client.dev)
    yield* sim(dma_resv_lock(buffer.resv!, null))
    const ranges = [{ paddr: start, len: 0x1000 }, { paddr: start + 0x8000, len: 0x1000 }]
    const table = physVecToTable(attach, own, ranges, dma.DMA_BIDIRECTIONAL)
    expect([table.orig_nents, table.nents]).toEqual([0, 2])
    expect(table.sgl.map((sg) => sg.dma_address)).toEqual([start, start + 0x8000])
    freeTableOf(attach, table, dma.DMA_BIDIRECTIONAL)
    expect(PTR_ERR(physVecToTable(attach, own, [], dma.DMA_BIDIRECTIONAL))).toBe(-EINVAL)
    expect(PTR_ERR(physVecToTable(attach, null, ranges, dma.DMA_BIDIRECTIONAL))).toBe(-EINVAL)
    dma_resv_unlock(buffer.resv!)
  })
  expect(k.kinds).toEqual(['warn.dma-buf-null'])
})

test('P2P-08: who cannot be reached gets no table', () => {
  const k = playAll(function* (kit) {
    const { provider, client } = yield* bootCards(kit, APART)
    yield* sim(p2p.pcim_p2pdma_init(provider))
    const own = p2p.pcim_p2pdma_provider(provider, 2)!
    const { buffer, attach } = yield* attached(provider, client.dev)
    yield* sim(dma_resv_lock(buffer.resv!, null))
    const ranges = [{ paddr: provider.resource[2]!.start, len: 0x1000 }]
    expect(PTR_ERR(physVecToTable(attach, own, ranges, dma.DMA_BIDIRECTIONAL))).toBe(-EINVAL)
    dma_resv_unlock(buffer.resv!)
  })
  expect(k.kinds).toEqual([])
})
