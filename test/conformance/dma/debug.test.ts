import { expect, test } from 'vitest'
import { dmaDebug } from '../../../src-sim/checkers/dma-debug/state'
import { machine } from '../../../src-sim/engine/current'
import { device } from '../../../src-sim/linux/device'
import * as dma from '../../../src-sim/linux/dma-mapping'
import { scatterlist, sg_init_table, sg_set_buf } from '../../../src-sim/linux/scatterlist'
import { GFP_KERNEL } from '../../../src-sim/linux/slab'
import { ptr } from '../../../src-sim/linux/types'
import { buffer, onBoard, type Seen } from './dma-kit'

const { DMA_BIDIRECTIONAL: BIDI, DMA_FROM_DEVICE: FROM, DMA_TO_DEVICE: TO } = dma

/** What the debugging said, without the device and without addresses. */
const said = ({ log }: Seen): string[] =>
  log
    .filter((line) => line.startsWith('DMA-API: ') && !line.startsWith('DMA-API: Mapped'))
    .map((line) => line.replace(/^DMA-API: \S* \S*: /, '').replace(/0x[0-9a-f]{16}/g, 'ADDR'))

function map(dev: device, bytes: Uint8Array, dir: number, attrs = 0): number {
  const a = dma.dma_map_single_attrs(dev, bytes, bytes.length, dir, attrs)
  dma.dma_mapping_error(dev, a)
  return a
}

function list(...sizes: number[]): scatterlist[] {
  const entries = sizes.map(() => new scatterlist())
  sg_init_table(entries, sizes.length)
  entries.forEach((sg, i) => sg_set_buf(sg, buffer(sizes[i]!), sizes[i]!))
  return entries
}

test('DMA-44: with two live mappings of the range a correct sync is called wrong', () => {
  const { kinds } = onBoard({}, (dev) => {
    const b = buffer()
    const a = map(dev, b, FROM)
    map(dev, b, BIDI)
    dma.dma_sync_single_for_cpu(dev, a, 256, FROM)
  })
  expect(kinds).toEqual(['dma-debug.sync-unknown'])
})

test('DMA-44: a single record that fits in nothing is not meant', () => {
  const seen = onBoard({}, (dev) => {
    const a = map(dev, buffer(), FROM)
    const sg = list(100)
    sg[0]!.dma_address = a
    sg[0]!.dma_length = 100
    dma.dma_unmap_sg(dev, sg, 1, TO)
  })
  expect(said(seen)).toEqual([
    'device driver tries to free DMA memory it has not allocated [device address=ADDR] [size=100 bytes]',
  ])
})

test('DMA-44: the range of a sync may begin many buckets after its mapping', () => {
  const { kinds } = onBoard({}, (dev) => {
    const a = map(dev, buffer(64 * 1024), FROM)
    dma.dma_sync_single_for_cpu(dev, a + 60 * 1024, 1024, FROM)
    dma.dma_sync_single_for_cpu(dev, a + 60 * 1024, 8192, FROM)
  })
  expect(kinds).toEqual(['dma-debug.sync-unknown'])
})

test('DMA-45: a kernel says the first mistake only, counts all, and can be told whom to watch', () => {
  const seen = onBoard({}, (dev) => {
    const state = dmaDebug(machine())
    state.allErrors = false
    for (let i = 0; i < 3; i++) dma.dma_unmap_single(dev, 0x5000, 16, TO)
    expect([state.errorCount, state.numErrors]).toEqual([3, 0])
    state.allErrors = true
    state.driverFilter = 'other'
    dma.dma_unmap_single(dev, 0x5000, 16, TO)
    expect(state.errorCount).toBe(4)
  })
  expect(said(seen)).toHaveLength(1)
})

test('DMA-46: attributes must be the same at both ends, as far as they last', () => {
  const seen = onBoard({}, (dev) => {
    const a = dma.dma_map_resource(dev, 0xfe00_0000, 64, TO, 0)
    dma.dma_mapping_error(dev, a)
    dma.dma_unmap_single(dev, a, 64, TO)
    const b = map(dev, buffer(), TO, dma.DMA_ATTR_SKIP_CPU_SYNC)
    dma.dma_unmap_single(dev, b, 256, TO)
  })
  expect(said(seen)).toEqual([
    'device driver frees DMA memory with different attributes [device address=ADDR] [size=64 bytes] [mapped with 0x400] [unmapped with 0x0]',
  ])
})

test('DMA-46: a list that is synced with another count, the wrong way round', () => {
  const seen = onBoard({}, (dev) => {
    const sg = list(64, 64)
    dma.dma_map_sg(dev, sg, 2, TO)
    dma.dma_sync_sg_for_cpu(dev, sg, 1, TO)
    dma.dma_sync_sg_for_device(dev, sg, 2, FROM)
  })
  expect(said(seen)).toEqual([
    'device driver syncs DMA sg list with different entry count [map count=2] [sync count=1]',
    ...Array.from({ length: 2 }, () =>
      'device driver syncs DMA memory with different direction [device address=ADDR] [size=64 bytes] [mapped with DMA_TO_DEVICE] [synced with DMA_FROM_DEVICE]',
    ),
  ])
})

test('DMA-46: coherent memory is freed by its own function and all of it', () => {
  const seen = onBoard({}, (dev) => {
    const handle = ptr(0)
    const cpu = dma.dma_alloc_coherent(dev, 8192, handle, GFP_KERNEL)!
    dma.dma_free_coherent(dev, 4096, cpu, handle.value)
    dma.dma_free_coherent(dev, 8192, cpu, handle.value)
  })
  expect(said(seen)).toEqual([
    'device driver frees DMA memory with different size [device address=ADDR] [map size=8192 bytes] [unmap size=4096 bytes]',
    'device driver tries to free DMA memory it has not allocated [device address=ADDR] [size=8192 bytes]',
  ])
})

test('DMA-46: every entry of a list that was unmapped already is complained about', () => {
  const seen = onBoard({}, (dev) => {
    const sg = list(64, 64, 64)
    dma.dma_map_sg(dev, sg, 3, TO)
    dma.dma_unmap_sg(dev, sg, 3, TO)
    dma.dma_unmap_sg(dev, sg, 3, TO)
  })
  expect(said(seen)).toHaveLength(3)
})

test('DMA-08: segments longer than the device takes, or across its boundary, are mapped and told', () => {
  const seen = onBoard({}, (dev) => {
    dma.dma_set_max_seg_size(dev, 4096)
    dma.dma_set_seg_boundary(dev, 4095)
    expect(dma.dma_map_sg(dev, list(8192), 1, TO)).toBe(1)
  })
  expect(said(seen)).toEqual([
    'mapping sg segment longer than device claims to support [len=8192] [max=4096]',
    'mapping sg segment across boundary [start=ADDR] [end=ADDR] [boundary=ADDR]',
  ])
})

test('DMA-11: stacks and vmalloc memory are refused; only the first time with a warning', () => {
  const { kinds, log } = onBoard({}, (dev) => {
    for (let i = 0; i < 2; i++) expect(map(dev, new Uint8Array(64), TO)).toBe(-1)
  })
  expect(kinds).toEqual(['warn.dma-vmalloc'])
  expect(log.join('\n')).toContain(': rejecting DMA map of vmalloc memory')
})

test('DMA-16: the failed address is all ones, and unmapping it is a mistake of its own', () => {
  const seen = onBoard({}, (dev) => {
    dev.dma_mask = 0xffff
    const a = dma.dma_map_single(dev, buffer(), 256, TO)
    expect([a, dma.dma_mapping_error(dev, a), dma.dma_mapping_error(dev, 0)]).toEqual([-1, -12, 0])
    dma.dma_unmap_single(dev, a, 256, TO)
  })
  expect(said(seen)).toEqual(['device driver tries to free an invalid DMA memory address'])
})

test('DMA-17: an overflow warns once for the single form and once for lists', () => {
  const { log } = onBoard({}, (dev) => {
    dev.dma_mask = 0xffff
    for (let i = 0; i < 3; i++) {
      expect(dma.dma_map_single(dev, buffer(), 256, TO)).toBe(-1)
      expect(dma.dma_map_sg(dev, list(64), 1, TO)).toBe(0)
    }
  })
  expect(log.filter((line) => line.includes(' overflow (mask ffff, bus limit 0).'))).toHaveLength(2)
})

test('DMA-18: without the debugging nothing is said of any unmapping', () => {
  const { kinds } = onBoard({}, (dev) => {
    const a = map(dev, buffer(), TO)
    dma.dma_unmap_single(dev, a, 17, FROM)
    dma.dma_unmap_single(dev, a, 256, TO)
    dma.dma_unmap_single(dev, 0x1234, 256, TO)
  }, false)
  expect(kinds).toEqual([])
})

test('DMA-12: pages are not mapped as registers; DMA-13: physical addresses are, with or without', () => {
  const { kinds } = onBoard({}, (dev) => {
    const phys = map(dev, buffer(), TO)
    const a = dma.dma_map_phys(dev, phys, 256, FROM, 0)
    expect([a, dma.dma_mapping_error(dev, a)]).toEqual([phys, 0])
    dma.dma_unmap_phys(dev, a, 256, FROM, 0)
    const r = dma.dma_map_phys(dev, 0xfe00_0000, 64, BIDI, dma.DMA_ATTR_MMIO)
    expect([r, dma.dma_mapping_error(dev, r)]).toEqual([0xfe00_0000, 0])
    dma.dma_unmap_phys(dev, r, 64, BIDI, dma.DMA_ATTR_MMIO)
  })
  expect(kinds).toEqual([])
})
