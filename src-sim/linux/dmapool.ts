import { kernelCall } from '../kernel/api'
import type { device } from '../kernel/base/device'
import { addDevres, takeDevres } from '../kernel/base/devres'
import * as p from '../kernel/dma/pool'
import { mightAlloc } from '../kernel/locking/fs-reclaim'
import { __GFP_ZERO } from './slab'
import { mightSleep } from '../kernel/sched/schedule'
import type { Sim } from '../engine/suspend'
import type { dma_addr_t, gfp_t, ptr } from './types'

/** Small blocks of coherent memory: `linux/dmapool`. */
export const dma_pool = p.dma_pool
export type dma_pool = p.dma_pool

/**
 * A pool of blocks of `size` bytes at multiples of `align`, none across a multiple of `boundary`
 * (0: no such limit). Null when that cannot be. May sleep. Pair: `dma_pool_destroy`.
 */
export const dma_pool_create = kernelCall(
  'dma_pool_create',
  (name: string, dev: device | null, size: number, align: number, boundary: number): dma_pool | null => {
    mightSleep('dma_pool_create')
    return p.createPool(name, dev, size, align, boundary)
  },
)
/** Every block must be back, or the pages leak, with a message. May sleep. */
export const dma_pool_destroy = kernelCall('dma_pool_destroy', (pool: dma_pool | null): void => {
  mightSleep('dma_pool_destroy')
  p.destroyPool(pool)
})

const alloc = (name: string, more: gfp_t) =>
  kernelCall(name, (pool: dma_pool, mem_flags: gfp_t, handle: ptr<dma_addr_t>): Uint8Array | null => {
    mightAlloc(name, mem_flags)
    const block = p.allocBlock(pool, mem_flags | more)
    if (block === null) return null
    handle.value = block.dma
    return block.cpu
  })
/** A block, with the device's address in `handle`; null without memory. Pair: `dma_pool_free`. */
export const dma_pool_alloc = alloc('dma_pool_alloc', 0)
export const dma_pool_zalloc = alloc('dma_pool_zalloc', __GFP_ZERO)
/**
 * Takes a block back. The device must be through with it: the list of free blocks is in the
 * blocks (DMA-41). Any context.
 */
export const dma_pool_free = kernelCall(
  'dma_pool_free',
  (pool: dma_pool, vaddr: Uint8Array | null, dma: dma_addr_t): void => p.freeBlock(pool, vaddr, dma),
)

/** As `dma_pool_create`; destroyed when the driver goes. */
export const dmam_pool_create = kernelCall(
  'dmam_pool_create',
  (name: string, dev: device, size: number, align: number, boundary: number): dma_pool | null => {
    const pool = p.createPool(name, dev, size, align, boundary)
    if (pool)
      addDevres(dev, {
        name: 'dmam_pool_release',
        key: pool,
        *release(): Sim {
          p.destroyPool(pool)
        },
      })
    return pool
  },
)

/** Ends a managed pool now. */
export const dmam_pool_destroy = kernelCall('dmam_pool_destroy', (pool: dma_pool): void => {
  mightSleep('dmam_pool_destroy')
  takeDevres(pool.$dev, (node) => node.name === 'dmam_pool_release' && node.key === pool)
  p.destroyPool(pool)
})
/** As `dma_pool_create`, on a node of memory; there is only one. */
export const dma_pool_create_node = kernelCall(
  'dma_pool_create_node',
  (
    name: string, dev: device | null, size: number, align: number, boundary: number, _node: number,
  ): dma_pool | null => {
    mightSleep('dma_pool_create')
    return p.createPool(name, dev, size, align, boundary)
  },
)
