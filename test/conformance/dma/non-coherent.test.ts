import { expect, test } from 'vitest'
import * as dma from '../../../src-sim/linux/dma-mapping'
import { device } from '../../../src-sim/linux/device'
import { GFP_ATOMIC, GFP_KERNEL } from '../../../src-sim/linux/slab'
import { ptr } from '../../../src-sim/linux/types'
import { buffer, onBoard } from './dma-kit'

const { DMA_BIDIRECTIONAL: BIDI, DMA_FROM_DEVICE: FROM, DMA_TO_DEVICE: TO } = dma
const BARE = { coherent: false }

function map(dev: device, bytes: Uint8Array, dir: number, attrs = 0): number {
  const a = dma.dma_map_single_attrs(dev, bytes, bytes.length, dir, attrs)
  dma.dma_mapping_error(dev, a)
  return a
}

test('DMA-36: the CPU reads old bytes until it unmaps or syncs', () => {
  onBoard(BARE, (dev, hardware) => {
    const b = buffer()
    const a = map(dev, b, FROM)
    hardware.write(a, Uint8Array.of(9))
    expect(b[0]).toBe(0)
    dma.dma_sync_single_for_cpu(dev, a, 256, FROM)
    expect(b[0]).toBe(9)
    hardware.write(a, Uint8Array.of(8))
    dma.dma_unmap_single(dev, a, 256, FROM)
    expect(b[0]).toBe(8)
  })
})

test('DMA-36: the device reads what memory held at the last sync', () => {
  onBoard(BARE, (dev, hardware) => {
    const b = buffer()
    b[0] = 1
    const a = map(dev, b, TO)
    b[0] = 2
    expect(hardware.read(a, 1)![0]).toBe(1)
    dma.dma_sync_single_for_device(dev, a, 256, TO)
    expect(hardware.read(a, 1)![0]).toBe(2)
  })
})

test('DMA-36: what the CPU writes into a buffer of the device is lost', () => {
  onBoard(BARE, (dev, hardware) => {
    const b = buffer()
    const a = map(dev, b, FROM)
    b[1] = 5
    hardware.write(a, Uint8Array.of(9))
    dma.dma_unmap_single(dev, a, 256, FROM)
    expect([b[0], b[1]]).toEqual([9, 0])
  })
})

test('DMA-36: a field in the same cache line clobbers the edge of the buffer', () => {
  onBoard(BARE, (dev, hardware) => {
    const b = buffer(128)
    const a = map(dev, b.subarray(0, 32), FROM)
    hardware.write(a, Uint8Array.of(9))
    b[40] = 7
    dma.dma_unmap_single(dev, a, 32, FROM)
    expect([b[0], b[40]]).toEqual([0, 7])
  })
})

test('DMA-35: unmapping what only the device was to read leaves the caches alone', () => {
  const { kinds } = onBoard(BARE, (dev, hardware) => {
    const b = buffer()
    const a = map(dev, b, TO)
    hardware.write(a, Uint8Array.of(9))
    dma.dma_unmap_single(dev, a, 256, TO)
    expect(b[0]).toBe(0)
  })
  expect(kinds).toEqual(['dma.wrong-direction'])
})

test('DMA-28: no cache work when it is not wanted', () => {
  onBoard(BARE, (dev, hardware) => {
    const b = buffer()
    const first = map(dev, b, BIDI)
    b[0] = 3
    const second = map(dev, b, BIDI, dma.DMA_ATTR_SKIP_CPU_SYNC)
    expect(hardware.read(second, 1)![0]).toBe(0)
    expect(first).toBe(second)
  })
})

test('DMA-30: a mapping that must be coherent fails on a device that is not', () => {
  onBoard(BARE, (dev) => {
    expect(map(dev, buffer(), TO, dma.DMA_ATTR_REQUIRE_COHERENT)).toBe(-1)
    dev.dma_coherent = true
    expect(map(dev, buffer(), TO, dma.DMA_ATTR_REQUIRE_COHERENT)).not.toBe(-1)
  })
})

test('DMA-37: coherence is a property of the device; such memory needs no sync anywhere', () => {
  onBoard(BARE, (dev, hardware) => {
    expect(dma.dma_need_sync(dev, 0)).toBe(true)
    const handle = ptr(0)
    const shared = dma.dma_alloc_coherent(dev, 64, handle, GFP_KERNEL)!
    hardware.write(handle.value, Uint8Array.of(4))
    expect(shared[0]).toBe(4)
    dev.dma_coherent = true
    const b = buffer()
    hardware.write(map(dev, b, FROM), Uint8Array.of(5))
    expect(b[0]).toBe(5)
  })
})

test('DMA-38: atomic allocations of a device that is not coherent come from a pool that ends', () => {
  const { log } = onBoard(BARE, (dev) => {
    const handle = ptr(0)
    let count = 0
    while (dma.dma_alloc_coherent(dev, 4096, handle, GFP_ATOMIC)) count++
    expect(count).toBe(32)
    expect(dma.dma_alloc_coherent(dev, 4096, handle, GFP_KERNEL)).not.toBeNull()
  })
  expect(log.join('\n')).toContain('DMA pool exhausted for ')
})

test('DMA-47: a second mapping of a line that a device writes to is an error here, and not on x86', () => {
  const twice = (board: object, attrs = 0): string[] =>
    onBoard(board, (dev) => {
      const b = buffer()
      map(dev, b, FROM, attrs)
      map(dev, b, BIDI, attrs)
    }).kinds
  expect(twice(BARE)).toEqual(['dma-debug.overlap'])
  expect(twice(BARE, dma.DMA_ATTR_DEBUGGING_IGNORE_CACHELINES)).toEqual([])
  expect(twice(BARE, dma.DMA_ATTR_SKIP_CPU_SYNC)).toEqual([])
  expect(twice({ coherent: true })).toEqual([])
})

test('DMA-31: small buffers of such a device are bounced when the kernel was built for it', () => {
  onBoard({ ...BARE, bounceKmalloc: true, swiotlb: 'force' }, (dev) => {
    const b = buffer(40)
    expect(dma.dma_need_sync(dev, map(dev, b, FROM))).toBe(true)
  })
})
