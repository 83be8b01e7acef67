import { expect, test } from 'vitest'
import { machine } from '../../../src-sim/engine/current'
import { allocPages } from '../../../src-sim/kernel/mm/page-alloc'
import { physOf } from '../../../src-sim/kernel/mm/page'
import { dmaPools } from '../../../src-sim/kernel/dma/pool'
import { physicalMemory } from '../../../src-sim/kernel/mm/physical'
import { device } from '../../../src-sim/linux/device'
import * as dma from '../../../src-sim/linux/dma-mapping'
import { dma_declare_coherent_memory } from '../../../src-sim/linux/dma-map-ops'
import * as pools from '../../../src-sim/linux/dmapool'
import { page_address } from '../../../src-sim/linux/mm'
import { sg_page, sg_table } from '../../../src-sim/linux/scatterlist'
import { GFP_DMA32, GFP_KERNEL } from '../../../src-sim/linux/slab'
import { ptr } from '../../../src-sim/linux/types'
import { sim } from '../../sim/harness'
import type { Sim } from '../../../src-sim/engine/suspend'
import { onBoard } from './dma-kit'

const { DMA_FROM_DEVICE: FROM } = dma
const GFP_COMP = 0x40000

test('DMA-38: coherent memory is zeroed, whole pages, whatever zone was asked for', () => {
  const { kinds } = onBoard({}, (dev) => {
    const handle = ptr(0)
    const cpu = dma.dma_alloc_coherent(dev, 5000, handle, GFP_KERNEL | GFP_DMA32)!
    expect([cpu.length, cpu.every((byte) => byte === 0), handle.value % 4096]).toEqual([5000, true, 0])
    dma.dma_free_coherent(dev, 5000, cpu, handle.value)
    expect(dma.dma_alloc_coherent(dev, 64, handle, GFP_KERNEL | GFP_COMP)).toBeNull()
  })
  expect(kinds).toEqual(['warn.dma-compound'])
})

test('DMA-38: a device with memory of its own gets it from there, and from nowhere else', () => {
  onBoard({}, (dev) => {
    const own = physOf(allocPages({ order: 2, zero: true, compound: false })!)
    expect(dma_declare_coherent_memory(dev, own, 0x1000, 4 * 4096)).toBe(0)
    expect(dma_declare_coherent_memory(dev, own, 0x1000, 4 * 4096)).toBe(-16)
    const handle = ptr(0)
    const one = dma.dma_alloc_coherent(dev, 64, handle, GFP_KERNEL)!
    expect(handle.value).toBe(0x1000)
    const two = dma.dma_alloc_coherent(dev, 8192, handle, GFP_KERNEL)!
    expect(handle.value).toBe(0x3000)
    expect(dma.dma_alloc_coherent(dev, 8192, handle, GFP_KERNEL)).toBeNull()
    dma.dma_free_coherent(dev, 8192, two, 0x3000)
    expect(dma.dma_alloc_coherent(dev, 8192, handle, GFP_KERNEL)).not.toBeNull()
    dma.dma_free_coherent(dev, 64, one, 0x1000)
  })
})

test('DMA-39: a wrong handle frees the memory of somebody else', () => {
  onBoard({}, (dev) => {
    const a = ptr(0)
    const b = ptr(0)
    const one = dma.dma_alloc_coherent(dev, 4096, a, GFP_KERNEL)!
    dma.dma_alloc_coherent(dev, 4096, b, GFP_KERNEL)
    dma.dma_free_coherent(dev, 4096, one, b.value)
    const c = ptr(0)
    dma.dma_alloc_coherent(dev, 4096, c, GFP_KERNEL)
    expect(c.value).toBe(b.value)
  }, false)
})

test('DMA-40: managed memory that is not known is a warning, and is freed all the same', () => {
  const { kinds } = onBoard({}, (dev) => {
    const handle = ptr(0)
    const used = physicalMemory(machine()).used
    const cpu = dma.dma_alloc_coherent(dev, 64, handle, GFP_KERNEL)!
    dma.dmam_free_coherent(dev, 64, cpu, handle.value)
    expect(physicalMemory(machine()).used).toBe(used)
  })
  expect(kinds).toEqual(['warn.dmam-free'])
})

test('DMA-42: pages of a device are synced by hand, and asked for without a zone', () => {
  const { kinds } = onBoard({ coherent: false }, (dev, hardware) => {
    const handle = ptr(0)
    const page = dma.dma_alloc_pages(dev, 100, handle, FROM, GFP_KERNEL)!
    hardware.write(handle.value, Uint8Array.of(3))
    dma.dma_sync_single_for_cpu(dev, handle.value, 100, FROM)
    expect(page_address(page)[0]).toBe(3)
    dma.dma_free_pages(dev, 100, page, handle.value, FROM)
    const bytes = dma.dma_alloc_noncoherent(dev, 100, handle, FROM, GFP_KERNEL)!
    dma.dma_free_noncoherent(dev, 100, bytes, handle.value, FROM)
    expect(dma.dma_alloc_pages(dev, 100, handle, FROM, GFP_KERNEL | GFP_DMA32)).toBeNull()
  })
  expect(kinds).toEqual(['warn.dma-zone'])
})

test('DMA-42: noncontiguous memory is one segment, which the debugging takes for a list', () => {
  const { kinds } = onBoard({}, (dev) => {
    const sgt = dma.dma_alloc_noncontiguous(dev, 10000, FROM, GFP_KERNEL, 0)!
    expect([sgt.nents, sgt.sgl[0]!.dma_length]).toEqual([1, 12288])
    expect(dma.dma_vmap_noncontiguous(dev, 10000, sgt)).toHaveLength(10000)
    dma.dma_free_noncontiguous(dev, 10000, sgt, FROM)
    expect(dma.dma_alloc_noncontiguous(dev, 1, FROM, GFP_KERNEL, dma.DMA_ATTR_NO_WARN)).toBeNull()
  })
  expect(kinds).toEqual(['warn.dma-noncontiguous-attrs'])
})

test('DMA-43: coherent memory as a table of its pages', () => {
  onBoard({}, (dev) => {
    const handle = ptr(0)
    const cpu = dma.dma_alloc_coherent(dev, 8192, handle, GFP_KERNEL)!
    cpu[0] = 5
    const sgt = new sg_table()
    expect(dma.dma_get_sgtable(dev, sgt, cpu, handle.value, 8192)).toBe(0)
    expect([sgt.orig_nents, sgt.sgl[0]!.length]).toEqual([1, 8192])
    expect(page_address(sg_page(sgt.sgl[0]!)!)[0]).toBe(5)
  })
})

/** A pool with two blocks out. */
function* pooled(dev: device, debug: boolean): Sim<{
  pool: pools.dma_pool
  blocks: { cpu: Uint8Array; dma: number }[]
}> {
  dmaPools(machine()).debug = debug
  const pool = (yield* sim(pools.dma_pool_create('blocks', dev, 64, 64, 0)))!
  const blocks = []
  for (let i = 0; i < 2; i++) {
    const at = ptr(0)
    const cpu = (yield* sim(pools.dma_pool_alloc(pool, GFP_KERNEL, at)))!
    blocks.push({ cpu, dma: at.value })
  }
  return { pool, blocks }
}

test('DMA-41: a device that writes into a free block breaks the list of free blocks', () => {
  const { kinds } = onBoard({}, function* (dev, hardware) {
    const { pool, blocks } = yield* pooled(dev, false)
    yield* sim(pools.dma_pool_free(pool, blocks[0]!.cpu, blocks[0]!.dma))
    hardware.write(blocks[0]!.dma, new Uint8Array(16).fill(0x11))
    const at = ptr(0)
    yield* sim(pools.dma_pool_alloc(pool, GFP_KERNEL, at))
    expect(at.value).toBe(0x1111111111111111)
    yield* sim(pools.dma_pool_alloc(pool, GFP_KERNEL, at))
  })
  expect(kinds).toEqual(['dma.pool-corrupted'])
})

test('DMA-41: with poison a late write, a second free and a wrong address are seen', () => {
  const { log } = onBoard({}, function* (dev, hardware) {
    const { pool, blocks } = yield* pooled(dev, true)
    const [one, two] = [blocks[0]!, blocks[1]!]
    expect(one.cpu[20]).toBe(0xa9)
    yield* sim(pools.dma_pool_free(pool, one.cpu, one.dma))
    yield* sim(pools.dma_pool_free(pool, one.cpu, one.dma))
    yield* sim(pools.dma_pool_free(pool, two.cpu, 0x10))
    hardware.write(one.dma + 20, Uint8Array.of(1))
    yield* sim(pools.dma_pool_alloc(pool, GFP_KERNEL, ptr(0)))
  })
  const text = log.join('\n')
  expect(text).toMatch(/: pool_block_err blocks, dma 0x[0-9a-f]{16} already free/)
  expect(text).toMatch(/: pool_block_err blocks, [0-9a-f]{16}\/0x0000000000000010 \(bad dma\)/)
  expect(text).toMatch(/: pool_check_block blocks, [0-9a-f]{16} \(corrupted\)\n0{8}: /)
})

test('DMA-41: without it freeing twice is silent, and the block has two owners', () => {
  onBoard({}, function* (dev) {
    const { pool, blocks } = yield* pooled(dev, false)
    const { cpu, dma: at } = blocks[0]!
    yield* sim(pools.dma_pool_free(pool, cpu, at))
    yield* sim(pools.dma_pool_free(pool, cpu, at))
    const a = ptr(0)
    const b = ptr(0)
    yield* sim(pools.dma_pool_alloc(pool, GFP_KERNEL, a))
    yield* sim(pools.dma_pool_alloc(pool, GFP_KERNEL, b))
    expect([a.value, b.value]).toEqual([at, at])
  })
})

test('DMA-41: a pool with blocks out keeps all its pages', () => {
  const { log } = onBoard({}, function* (dev) {
    const { pool } = yield* pooled(dev, false)
    const { used } = physicalMemory(machine())
    yield* sim(pools.dma_pool_destroy(pool))
    expect(physicalMemory(machine()).used).toBe(used)
  })
  expect(log.filter((line) => line.includes('dma_pool_destroy blocks busy'))).toHaveLength(1)
})
