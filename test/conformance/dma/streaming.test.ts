import { expect, test } from 'vitest'
import { attachDmaDebug } from '../../../src-sim/checkers/dma-debug'
import { dmaDebug } from '../../../src-sim/checkers/dma-debug/state'
import { machine } from '../../../src-sim/engine/current'
import { dmaMappings } from '../../../src-sim/kernel/dma/mappings'
import { device } from '../../../src-sim/linux/device'
import * as dma from '../../../src-sim/linux/dma-mapping'
import * as sg from '../../../src-sim/linux/scatterlist'
import { GFP_KERNEL, kmalloc } from '../../../src-sim/linux/slab'
import { dmesg, run } from '../../sim/harness'

/** A device that reaches 32 bits, with the checks of CONFIG_DMA_API_DEBUG. */
function play(body: (dev: device) => void): { kinds: string[]; api: string[] } {
  const m = run(function* () {
    attachDmaDebug(machine())
    const dev = new device()
    dev.dma_mask = dev.coherent_dma_mask = 0xffffffff
    body(dev)
  })
  const api = dmesg(m).filter((line) => line.startsWith('DMA-API: ') && !/Mapped at/.test(line))
  return { kinds: m.findings.map((f) => f.kind), api }
}

const mappingsOf = () => dmaMappings(machine())
const buffer = (): Uint8Array => kmalloc(256, GFP_KERNEL)!

test('DMA-02: without a mask of the bus nothing can be set, and mapping fails', () => {
  const { kinds } = play((dev) => {
    dev.dma_mask = null
    expect(dma.dma_set_mask(dev, dma.DMA_BIT_MASK(64))).toBe(-5)
    const a = dma.dma_map_single(dev, buffer(), 256, dma.DMA_TO_DEVICE)
    expect(dma.dma_mapping_error(dev, a)).toBe(-12)
    dma.dma_map_single(dev, buffer(), 256, dma.DMA_TO_DEVICE)
  })
  expect(kinds).toEqual(['warn.dma-no-mask'])
})

test('DMA-03: a refused streaming mask leaves the coherent one alone', () => {
  play((dev) => {
    expect(dma.dma_set_mask_and_coherent(dev, dma.DMA_BIT_MASK(20))).toBe(-5)
    expect([dev.dma_mask, dev.coherent_dma_mask]).toEqual([0xffffffff, 0xffffffff])
    dev.dma_mask = null
    expect(dma.dma_coerce_mask_and_coherent(dev, dma.DMA_BIT_MASK(31))).toBe(0)
    expect([dev.dma_mask, dev.coherent_dma_mask]).toEqual([0x7fffffff, 0x7fffffff])
  })
})

test('DMA-16: each question marks the oldest mapping that nobody asked about', () => {
  const { kinds } = play((dev) => {
    const b = buffer()
    const a = dma.dma_map_single(dev, b, 256, dma.DMA_TO_DEVICE)
    dma.dma_map_single(dev, b, 256, dma.DMA_TO_DEVICE)
    dma.dma_mapping_error(dev, a)
    expect(dmaDebug(machine()).records.all().map((r) => r.checked)).toEqual([true, false])
    dma.dma_unmap_single(dev, a, 256, dma.DMA_TO_DEVICE)
    dma.dma_unmap_single(dev, a, 256, dma.DMA_TO_DEVICE)
  })
  expect(kinds).toEqual(['dma-debug.error-not-checked'])
})

test('DMA-44: several mappings at an address and none that fits are none', () => {
  const { kinds } = play((dev) => {
    const b = buffer()
    for (const size of [256, 128]) {
      const a = dma.dma_map_single(dev, b, size, dma.DMA_TO_DEVICE)
      dma.dma_mapping_error(dev, a)
    }
    dma.dma_unmap_single(dev, mappingsOf().live[0]!.dma, 64, dma.DMA_TO_DEVICE)
  })
  expect(kinds).toEqual(['dma-debug.free-unknown'])
})

test('DMA-46: a buffer for the device that is synced for the CPU the other way says so twice', () => {
  const { kinds } = play((dev) => {
    const a = dma.dma_map_single(dev, buffer(), 256, dma.DMA_TO_DEVICE)
    dma.dma_sync_single_for_cpu(dev, a, 256, dma.DMA_FROM_DEVICE)
  })
  expect(kinds).toEqual(['dma-debug.sync-direction', 'dma-debug.sync-read-only'])
})

test('DMA-46: what was mapped for both directions may be synced in any, within its range', () => {
  const { kinds } = play((dev) => {
    const a = dma.dma_map_single(dev, buffer(), 256, dma.DMA_BIDIRECTIONAL)
    dma.dma_sync_single_for_cpu(dev, a, 256, dma.DMA_FROM_DEVICE)
    dma.dma_sync_single_range_for_device(dev, a, 128, 128, dma.DMA_TO_DEVICE)
    dma.dma_sync_single_range_for_device(dev, a, 128, 256, dma.DMA_TO_DEVICE)
  })
  expect(kinds).toEqual(['dma-debug.sync-unknown'])
})

test('DMA-23: a list is mapped piece by piece, or not at all', () => {
  const { api } = play((dev) => {
    const list = [new sg.scatterlist(), new sg.scatterlist()]
    sg.sg_init_table(list, 2)
    for (const one of list) sg.sg_set_buf(one, buffer(), 100)
    expect(dma.dma_map_sg(dev, list, 2, dma.DMA_FROM_DEVICE)).toBe(2)
    expect(sg.for_each_sg(list, 2).map(sg.sg_dma_len)).toEqual([100, 100])
    dma.dma_unmap_sg(dev, list, 2, dma.DMA_FROM_DEVICE)
    list[1]!.$base = null
    expect(dma.dma_map_sg(dev, list, 2, dma.DMA_FROM_DEVICE)).toBe(0)
    const table = new sg.sg_table()
    table.sgl = list
    table.orig_nents = 2
    expect(dma.dma_map_sgtable(dev, table, dma.DMA_FROM_DEVICE, 0)).toBe(-5)
    expect(mappingsOf().live).toEqual([])
  })
  expect(api).toEqual([])
})

test('DMA-14: RAM that is mapped as registers works and is reported', () => {
  const { kinds } = play((dev) => {
    dma.dma_map_resource(dev, 0xfe00_0000, 4096, dma.DMA_TO_DEVICE, 0)
    const b = dma.dma_map_single(dev, buffer(), 256, dma.DMA_TO_DEVICE)
    expect(dma.dma_map_resource(dev, b, 256, dma.DMA_TO_DEVICE, 0)).toBe(b)
  })
  expect(kinds).toEqual(['dma-debug.ram-as-resource'])
})
