import { expect, test } from 'vitest'
import { dmaDebug } from '../../../src-sim/checkers/dma-debug/state'
import { machine } from '../../../src-sim/engine/current'
import { swiotlb } from '../../../src-sim/kernel/dma/swiotlb'
import * as dma from '../../../src-sim/linux/dma-mapping'
import { device } from '../../../src-sim/linux/device'
import { is_swiotlb_buffer, swiotlb_used } from '../../../src-sim/linux/swiotlb'
import { buffer, onBoard } from './dma-kit'

const FORCED = { swiotlb: 'force' } as const
const { DMA_BIDIRECTIONAL: BIDI, DMA_FROM_DEVICE: FROM, DMA_TO_DEVICE: TO } = dma

function map(dev: device, bytes: Uint8Array, dir: number, attrs = 0): number {
  const a = dma.dma_map_single_attrs(dev, bytes, bytes.length, dir, attrs)
  dma.dma_mapping_error(dev, a)
  return a
}

test('DMA-31: with swiotlb=force the device gets a copy, at another address', () => {
  const { kinds } = onBoard(FORCED, (dev, hardware) => {
    const b = buffer()
    b[0] = 1
    const a = map(dev, b, TO)
    expect(is_swiotlb_buffer(dev, a)).toBe(true)
    expect(hardware.read(a, 1)![0]).toBe(1)
    expect(swiotlb_used()).toBe(1)
    dma.dma_unmap_single(dev, a, 256, TO)
    expect(swiotlb_used()).toBe(0)
  })
  expect(kinds).toEqual([])
})

test('DMA-31: registers and mappings that must be coherent are not bounced: they fail', () => {
  onBoard(FORCED, (dev) => {
    expect(dma.dma_map_phys(dev, 0xfe00_0000, 64, TO, dma.DMA_ATTR_MMIO)).toBe(-1)
    expect(map(dev, buffer(), TO, dma.DMA_ATTR_REQUIRE_COHERENT)).toBe(-1)
    expect(map(dev, buffer(), TO, dma.DMA_ATTR_CC_SHARED)).not.toBe(-1)
  })
})

test('DMA-33: the original is copied in always, and copied back only where the device may write', () => {
  onBoard(FORCED, (dev, hardware) => {
    const b = buffer()
    b.fill(7)
    const a = map(dev, b, FROM)
    hardware.write(a, Uint8Array.of(9))
    expect(b[0]).toBe(7)
    dma.dma_unmap_single(dev, a, 256, FROM)
    expect([b[0], b[1]]).toEqual([9, 7])
    const to = map(dev, b, TO)
    hardware.write(to, Uint8Array.of(1))
    dma.dma_unmap_single(dev, to, 256, TO)
    expect(b[0]).toBe(9)
  })
})

test('DMA-28: without a sync at the end what the device wrote is lost, though it was copied in', () => {
  onBoard(FORCED, (dev, hardware) => {
    const b = buffer()
    b.fill(7)
    const a = map(dev, b, BIDI, dma.DMA_ATTR_SKIP_CPU_SYNC)
    expect(hardware.read(a, 1)![0]).toBe(7)
    hardware.write(a, Uint8Array.of(9))
    dma.dma_unmap_single_attrs(dev, a, 256, BIDI, dma.DMA_ATTR_SKIP_CPU_SYNC)
    expect(b[0]).toBe(7)
  })
})

test('DMA-33: syncs copy in the direction of the mapping, and a longer one is cut', () => {
  const { log } = onBoard(FORCED, (dev, hardware) => {
    const b = buffer()
    const a = map(dev, b, BIDI)
    hardware.write(a, Uint8Array.of(5))
    dma.dma_sync_single_for_cpu(dev, a, 256, BIDI)
    expect(b[0]).toBe(5)
    b[0] = 6
    expect(hardware.read(a, 1)![0]).toBe(5)
    dma.dma_sync_single_for_device(dev, a, 256, BIDI)
    expect(hardware.read(a, 1)![0]).toBe(6)
    dma.dma_sync_single_for_cpu(dev, a, 300, BIDI)
  }, false)
  expect(log.join('\n')).toContain('Buffer overflow detected. Allocation size: 256. Mapping size: 300.')
})

test('DMA-34: a device that writes after the unmapping spoils the slot, or its next owner', () => {
  const { kinds } = onBoard({ ...FORCED, swiotlbSlots: 256 }, (dev, hardware) => {
    const b = buffer()
    const a = map(dev, b, FROM)
    dma.dma_unmap_single(dev, a, 256, FROM)
    hardware.write(a, Uint8Array.of(9))
    expect(b[0]).toBe(0)
    const others = Array.from({ length: 128 }, () => buffer())
    const addresses = others.map((one) => map(dev, one, FROM))
    hardware.write(a, Uint8Array.of(9))
    const hit = addresses.indexOf(a)
    dma.dma_unmap_single(dev, a, 256, FROM)
    expect(others[hit]![0]).toBe(9)
  })
  expect(kinds).toEqual(['dma.write-after-free'])
})

test('DMA-32: a mapping has at most 256 KiB, however empty the pool is', () => {
  const { log } = onBoard({ ...FORCED, swiotlbSlots: 32768 }, (dev) => {
    expect(dma.dma_max_mapping_size(dev)).toBe(256 * 1024)
    expect(map(dev, buffer(256 * 1024), TO)).not.toBe(-1)
    dma.dma_unmap_single(dev, dmaDebug(machine()).records.all()[0]!.dma, 256 * 1024, TO)
    expect(map(dev, buffer(256 * 1024 + 4096), TO)).toBe(-1)
  })
  expect(log.join('\n')).toContain(
    ': swiotlb buffer is full (sz: 266240 bytes), total 32768 (slots), used 0 (slots)',
  )
})

test('DMA-32: a full pool is a failed mapping, which may be asked not to speak', () => {
  const { log } = onBoard({ ...FORCED, swiotlbSlots: 256 }, (dev) => {
    let mapped = 0
    while (map(dev, buffer(2048), TO, dma.DMA_ATTR_NO_WARN) !== -1) mapped++
    expect([mapped, swiotlb_used()]).toEqual([256, 256])
    expect(map(dev, buffer(), TO)).toBe(-1)
  })
  expect(log.filter((l) => l.includes('swiotlb buffer is full'))).toHaveLength(1)
})

test('DMA-26: the first bounce ends the skipping of syncs, until the mask is set again', () => {
  onBoard({ swiotlb: 'force' }, (dev) => {
    dma.dma_set_mask(dev, dma.DMA_BIT_MASK(32))
    expect([dma.dma_need_sync(dev, 0), dma.dma_need_unmap(dev)]).toEqual([false, false])
    const a = map(dev, buffer(), TO)
    expect([dma.dma_need_sync(dev, a), dma.dma_need_sync(dev, 0x100000)]).toEqual([true, false])
    expect(dma.dma_need_unmap(dev)).toBe(true)
    dma.dma_set_mask(dev, dma.DMA_BIT_MASK(32))
    expect(dma.dma_need_sync(dev, a)).toBe(false)
  }, false)
})

test('DMA-33: a slot that the device does not reach either is given back', () => {
  const { kinds } = onBoard(FORCED, (dev) => {
    dev.dma_mask = 0xffffff
    expect(map(dev, buffer(), TO)).toBe(-1)
    expect(swiotlb(machine()).used).toBe(0)
  })
  expect(kinds).toEqual(['warn.dma-bounce-out-of-reach'])
})
