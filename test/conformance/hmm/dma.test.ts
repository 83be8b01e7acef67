import { expect, test } from 'vitest'
import type { Sim } from '../../../src-sim/engine/suspend'
import { EOPNOTSUPP } from '../../../src-sim/linux/errno'
import * as hmm from '../../../src-sim/linux/hmm'
import * as dma from '../../../src-sim/linux/hmm-dma'
import { device } from '../../../src-sim/linux/device'
import { checked } from '../checked'
import { kcall } from '../../sim/harness'
import { request, space, walk, watching } from './kit'

function* card(): Sim<device> {
  const dev = new device()
  yield* kcall(dma.dma_coerce_mask_and_coherent, dev, dma.DMA_BIT_MASK(64))
  return dev
}

test('HMM-11 maps an entry once, and unmaps only what is mapped', () => {
  const { log } = checked(function* (say) {
    const dev = yield* card()
    const map = new dma.hmm_dma_map()
    say(dma.hmm_dma_map_alloc(dev, map, 2, 4096))
    const mm = yield* space(1)
    const range = yield* request(yield* watching(mm), 1, hmm.HMM_PFN_REQ_FAULT)
    range.hmm_pfns = map.pfn_list
    yield* walk(range)
    const first = dma.hmm_dma_map_pfn(dev, map, 0, null)
    say(first === dma.hmm_dma_map_pfn(dev, map, 0, null), (map.pfn_list[0]! & hmm.HMM_PFN_DMA_MAPPED) !== 0)
    say(dma.hmm_dma_unmap_pfn(dev, map, 0), dma.hmm_dma_unmap_pfn(dev, map, 0), dma.hmm_dma_unmap_pfn(dev, map, 1))
    say((map.pfn_list[0]! & hmm.HMM_PFN_DMA_MAPPED) === 0, (map.pfn_list[0]! & hmm.HMM_PFN_VALID) !== 0)
  })
  expect(log).toEqual(['0', 'true true', 'true false false', 'true true'])
})

test('HMM-11 not for a device that does not reach all of memory', () => {
  const { log } = checked(function* (say) {
    const dev = new device()
    yield* kcall(dma.dma_coerce_mask_and_coherent, dev, dma.DMA_BIT_MASK(24))
    say(dma.hmm_dma_map_alloc(dev, new dma.hmm_dma_map(), 1, 4096))
  })
  expect(log).toEqual([String(-EOPNOTSUPP)])
})
