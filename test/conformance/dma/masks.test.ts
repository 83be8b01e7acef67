import { expect, test } from 'vitest'
import { machine } from '../../../src-sim/engine/current'
import { physicalMemory } from '../../../src-sim/kernel/mm/physical'
import { device, root_device_register } from '../../../src-sim/linux/device'
import * as dma from '../../../src-sim/linux/dma-mapping'
import { dma_dummy_ops, dma_direct_set_offset, set_dma_ops } from '../../../src-sim/linux/dma-map-ops'
import * as pf from '../../../src-sim/linux/platform_device'
import { scatterlist, sg_init_one, sg_table } from '../../../src-sim/linux/scatterlist'
import { GFP_KERNEL } from '../../../src-sim/linux/slab'
import { ptr } from '../../../src-sim/linux/types'
import { sim } from '../../sim/harness'
import { buffer, MASK_32, onBoard } from './dma-kit'

const TO = dma.DMA_TO_DEVICE
const bits = (n: number): number => dma.DMA_BIT_MASK(n)

test('DMA-01: platform devices have 32-bit masks and parameters, a root device has none', () => {
  onBoard({}, function* () {
    const pdev = yield* sim(pf.platform_device_register_simple('p', 0, null, 0))
    expect([pdev.dev.dma_mask, pdev.dev.coherent_dma_mask]).toEqual([MASK_32, MASK_32])
    expect(pdev.dev.dma_parms).not.toBeNull()
    const root = yield* sim(root_device_register('r'))
    expect([root.dma_mask, dma.dma_set_mask(root, bits(32))]).toEqual([null, -5])
    expect(dma.dma_set_coherent_mask(root, bits(32))).toBe(0)
  })
})

test('DMA-04: masks below 32 bits must reach all of RAM, or the zone of small devices', () => {
  const answers = (board: object, memory: number): number[] => {
    const result: number[] = []
    onBoard(board, (dev) => {
      physicalMemory(machine()).limit = memory
      for (const n of [64, 32, 31, 28, 24, 20]) result.push(dma.dma_set_mask(dev, bits(n)))
    })
    return result
  }
  const MIB = 2 ** 20
  expect(answers({}, 512 * MIB)).toEqual([0, 0, 0, -5, -5, -5])
  expect(answers({}, 256 * MIB)).toEqual([0, 0, 0, 0, -5, -5])
  expect(answers({ zoneDma: true }, 512 * MIB)).toEqual([0, 0, 0, 0, 0, -5])
})

test('DMA-05: the limit of the bus counts as much as the mask', () => {
  const { log } = onBoard({}, (dev) => {
    dev.bus_dma_limit = 0xffffff
    expect(dma.dma_map_single(dev, buffer(), 256, TO)).toBe(-1)
    expect(dma.dma_addressing_limited(dev)).toBe(true)
  })
  expect(log.join('\n')).toMatch(/DMA addr 0x[0-9a-f]{16}\+256 overflow \(mask ffffffff, bus limit ffffff\)\./)
})

test('DMA-06: without a mask a list fails silently to its caller, a table even succeeds', () => {
  const { kinds } = onBoard({}, (dev) => {
    dev.dma_mask = null
    const sg = new scatterlist()
    sg_init_one(sg, buffer(), 256)
    const table = new sg_table()
    table.sgl = [sg]
    table.nents = table.orig_nents = 1
    expect(dma.dma_map_sg(dev, [sg], 1, TO)).toBe(0)
    expect([dma.dma_map_sgtable(dev, table, TO, 0), table.nents]).toEqual([0, 0])
  })
  expect(kinds).toEqual(['warn.dma-no-mask'])
})

test('DMA-06: coherent memory with a zero mask: a warning, and none, unless the bus has a limit', () => {
  const { kinds } = onBoard({}, (dev) => {
    dev.coherent_dma_mask = 0
    expect(dma.dma_alloc_coherent(dev, 64, ptr(0), GFP_KERNEL)).toBeNull()
    dev.bus_dma_limit = MASK_32
    expect(dma.dma_alloc_coherent(dev, 64, ptr(0), GFP_KERNEL)).not.toBeNull()
    expect(dma.dma_alloc_pages(dev, 64, ptr(0), TO, GFP_KERNEL)).toBeNull()
  })
  expect(kinds).toEqual(['warn.dma-no-coherent-mask', 'warn.dma-no-coherent-mask'])
})

test('DMA-07: what a device must reach is the top of RAM', () => {
  onBoard({}, (dev) => {
    expect(dma.dma_get_required_mask(dev)).toBe(2 ** 29 - 1)
    expect(dma.dma_addressing_limited(dev)).toBe(false)
    dev.dma_mask = 0
    expect(dma.dma_get_mask(dev)).toBe(MASK_32)
  })
})

test('DMA-08: limits of segments have defaults, and cannot be set without a place for them', () => {
  const { kinds } = onBoard({}, (dev) => {
    expect([dma.dma_get_max_seg_size(dev), dma.dma_get_seg_boundary(dev)]).toEqual([65536, Infinity])
    dma.dma_set_max_seg_size(dev, 100)
    expect(dma.dma_get_max_seg_size(dev)).toBe(100)
    dev.dma_parms = null
    dma.dma_set_max_seg_size(dev, 50)
    dma.dma_set_min_align_mask(dev, 4095)
    expect([dma.dma_get_max_seg_size(dev), dma.dma_get_min_align_mask(dev)]).toEqual([65536, 0])
  })
  expect(kinds).toEqual(['warn.dma-no-parms-segment', 'warn.dma-no-parms-alignment'])
})

test('DMA-09: the direct path has no limit and merges nothing', () => {
  onBoard({}, (dev) => {
    expect(dma.dma_max_mapping_size(dev)).toBe(Number.MAX_SAFE_INTEGER)
    expect([dma.dma_get_merge_boundary(dev), dma.dma_need_sync(dev, 0)]).toEqual([0, false])
  })
})

test('DMA-63: a device that firmware keeps from DMA', () => {
  const { kinds } = onBoard({}, (dev) => {
    set_dma_ops(dev, dma_dummy_ops)
    expect(dma.dma_set_mask(dev, bits(64))).toBe(-5)
    expect(dma.dma_map_single(dev, buffer(), 256, TO)).toBe(-1)
    const sg = new scatterlist()
    sg_init_one(sg, buffer(), 256)
    expect(dma.dma_map_sg(dev, [sg], 1, TO)).toBe(0)
    expect(dma.dma_alloc_coherent(dev, 64, ptr(0), GFP_KERNEL)).toBeNull()
    dma.dma_unmap_single(dev, 0x1000, 256, TO)
    expect(dma.dma_can_mmap(dev)).toBe(false)
  })
  expect(kinds).toEqual(['warn.dma-dummy', 'dma-debug.free-unknown'])
})

const offset = (dev: device): number => dma_direct_set_offset(dev, 0, 0x8000_0000, 2 ** 30)

test('DMA-10: with an offset of the bus the device finds memory elsewhere', () => {
  onBoard({}, (dev, hardware) => {
    expect([offset(dev), offset(dev)]).toEqual([0, -22])
    const b = buffer()
    b[0] = 3
    const a = dma.dma_map_single(dev, b, 256, TO)
    expect(a).toBeGreaterThan(0x8000_0000)
    expect(hardware.read(a, 1)![0]).toBe(3)
  })
})

test('DMA-59: after the driver has gone the offset is forgotten: addresses are of other memory', () => {
  const { kinds } = onBoard({}, (dev, hardware) => {
    offset(dev)
    const handle = ptr(0)
    dma.dma_alloc_coherent(dev, 64, handle, GFP_KERNEL)
    dev.dma_range_map = null
    const b = buffer()
    b[0] = 3
    const a = dma.dma_map_single(dev, b, 256, TO)
    expect(hardware.read(a, 1)?.[0]).not.toBe(3)
  }, false)
  expect(kinds).toEqual([])
})
