import { expect, test } from 'vitest'
import { dmaDebug } from '../../../src-sim/checkers/dma-debug/state'
import { machine } from '../../../src-sim/engine/current'
import * as dma from '../../../src-sim/linux/dma-mapping'
import { GFP_KERNEL } from '../../../src-sim/linux/slab'
import { ptr } from '../../../src-sim/linux/types'
import { buffer, onBoard } from './dma-kit'

test('DMA-15: a direction that is none ends the task in the call', () => {
  let after = false
  const { kinds } = onBoard({}, (dev) => {
    dma.dma_map_single(dev, buffer(), 256, dma.DMA_NONE)
    after = true
  })
  expect([kinds[0], after]).toEqual(['oops.bug', false])
})

test('DMA-15: a sync that does nothing anyway does not look at the direction', () => {
  const { kinds } = onBoard({}, (dev) => {
    dma.dma_set_mask(dev, dma.DMA_BIT_MASK(32))
    dma.dma_sync_single_for_cpu(dev, 0x1000, 16, dma.DMA_NONE)
  }, false)
  expect(kinds).toEqual([])
})

test('DMA-29: memory without a mapping of the kernel is not in the books, from its beginning to its end', () => {
  const { kinds } = onBoard({}, (dev) => {
    const handle = ptr(0)
    const cookie = dma.dma_alloc_attrs(dev, 64, handle, GFP_KERNEL, dma.DMA_ATTR_NO_KERNEL_MAPPING)!
    expect(dmaDebug(machine()).records.count).toBe(0)
    dma.dma_free_attrs(dev, 64, cookie, handle.value, dma.DMA_ATTR_NO_KERNEL_MAPPING)
  })
  expect(kinds).toEqual([])
})
