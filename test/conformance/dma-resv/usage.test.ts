import { expect, it } from 'vitest'
import type { Sim } from '../../../src-sim/engine/suspend'
import * as f from '../../../src-sim/linux/dma-fence'
import * as r from '../../../src-sim/linux/dma-resv'
import { ptr } from '../../../src-sim/linux/types'
import { sim } from '../../sim/harness'
import { checked } from '../checked'
import { newFence } from '../dma-fence/support'

const USAGES = [
  r.DMA_RESV_USAGE_KERNEL, r.DMA_RESV_USAGE_WRITE, r.DMA_RESV_USAGE_READ, r.DMA_RESV_USAGE_BOOKKEEP,
]

/** A locked object with one pending fence of each usage. */
function* withAll(): Sim<{ resv: r.dma_resv; fences: f.dma_fence[] }> {
  const resv = new r.dma_resv()
  const fences: f.dma_fence[] = []
  r.dma_resv_init(resv)
  yield* sim(r.dma_resv_lock(resv, null))
  yield* sim(r.dma_resv_reserve_fences(resv, 4))
  for (const usage of USAGES) {
    fences.push(newFence())
    yield* sim(r.dma_resv_add_fence(resv, fences.at(-1)!, usage))
  }
  return { resv, fences }
}

it('RESV-01 a query for a usage gives the fences of it and of all before it', () => {
  const { log } = checked(function* (say) {
    const { resv, fences } = yield* withAll()
    for (const usage of USAGES) {
      const all = ptr<f.dma_fence[] | null>(null)
      yield* sim(r.dma_resv_get_fences(resv, usage, ptr(0), all))
      say(all.value!.map((fence) => fences.indexOf(fence)).join())
    }
    r.dma_resv_unlock(resv)
  })
  expect(log).toEqual(['0', '0,1', '0,1,2', '0,1,2,3'])
})

it('RESV-01 who waits for one usage is not kept by those behind it', () => {
  const { log } = checked(function* (say) {
    const { resv, fences } = yield* withAll()
    r.dma_resv_unlock(resv)
    for (const fence of fences) {
      const done = []
      for (const usage of USAGES) done.push(yield* sim(r.dma_resv_test_signaled(resv, usage)))
      say(done.filter(Boolean).length)
      yield* sim(f.dma_fence_signal(fence))
    }
  })
  expect(log).toEqual(['0', '1', '2', '3'])
})

it('RESV-11 holding the lock stops nothing: fences are pending, and are signaled meanwhile', () => {
  const { log } = checked(function* (say) {
    const { resv, fences } = yield* withAll()
    const quiet = () => sim(r.dma_resv_test_signaled(resv, r.DMA_RESV_USAGE_BOOKKEEP))
    say(yield* quiet())
    for (const fence of fences) yield* sim(f.dma_fence_signal(fence))
    say(yield* quiet())
    r.dma_resv_unlock(resv)
  })
  expect(log).toEqual(['false', 'true'])
})
