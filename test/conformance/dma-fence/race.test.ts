import { expect, it } from 'vitest'
import { randomStrategy } from '../../../src-sim/engine/strategies/random'
import type { Sim } from '../../../src-sim/engine/suspend'
import * as c from '../../../src-sim/linux/completion'
import * as f from '../../../src-sim/linux/dma-fence'
import * as kt from '../../../src-sim/linux/kthread'
import { kcall, sim } from '../../sim/harness'
import { checked } from '../checked'
import { gen, newFence, waiter } from './support'

const SEEDS = 60

interface Tally {
  /** What `dma_fence_add_callback` answered. */
  added: number
  calls: number
  /** What the waiting task got. */
  waited: number
}

/** One task adds a callback and waits while another signals. */
function race(seed: number): Tally {
  const tally: Tally = { added: 1, calls: 0, waited: 1 }
  const { kinds } = checked(
    function* () {
      const fence = newFence()
      const done = new c.completion()
      const signaler = function* (): Sim<number> {
        yield* kcall(f.dma_fence_signal, fence)
        yield* sim(c.complete(done))
        return 0
      }
      yield* sim(kt.kthread_run(gen(signaler), null, 'signal'))
      const { cb } = new waiter()
      tally.added = yield* kcall(f.dma_fence_add_callback, fence, cb, () => tally.calls++)
      tally.waited = yield* kcall(f.dma_fence_wait, fence, false)
      const flags = yield* sim(f.dma_fence_lock_irqsave(fence))
      f.dma_fence_unlock_irqrestore(fence, flags)
      yield* sim(c.wait_for_completion(done))
      yield* sim(f.dma_fence_put(fence))
    },
    { strategy: randomStrategy(seed), seed },
  )
  expect(kinds).toEqual([])
  return tally
}

it('FENCE-04 FENCE-05 a callback is called once if and only if it was accepted', () => {
  const seen = new Set<number>()
  for (let seed = 0; seed < SEEDS; seed++) {
    const { added, calls, waited } = race(seed)
    expect([added, calls, waited]).toEqual(added === 0 ? [0, 1, 0] : [-2, 0, 0])
    seen.add(added)
  }
  expect([...seen].sort()).toEqual([-2, 0])
})
