import type { Sim } from '../../../src-sim/engine/suspend'
import { container_of } from '../../../src-sim/linux/container_of'
import * as f from '../../../src-sim/linux/dma-fence'
import { GFP_KERNEL, kzalloc } from '../../../src-sim/linux/slab'
import type { spinlock_t } from '../../../src-sim/linux/spinlock'
import { sim } from '../../sim/harness'
import type { Say } from '../checked'

/** A job of some device; the fence is its first member, so that freeing the fence frees it. */
export class job {
  fence = new f.dma_fence()
  done = false
  name = ''
}

export class waiter {
  cb = new f.dma_fence_cb()
  name = ''
}

export const jobOf = (fence: f.dma_fence): job => container_of(fence, job, 'fence')

export const NAMES: f.dma_fence_ops = {
  get_driver_name: () => 'drv',
  get_timeline_name: () => 'ring0',
}

let nextSeqno = 1

/** A pending fence of a timeline of its own. */
export function newFence(
  ops: f.dma_fence_ops = NAMES,
  lock: spinlock_t | null = null,
  context = f.dma_fence_context_alloc(1),
  seqno = nextSeqno++,
): f.dma_fence {
  const j = kzalloc(job, GFP_KERNEL)!
  f.dma_fence_init(j.fence, ops, lock, context, seqno)
  return j.fence
}

/** Adds a callback that says its name. */
export function* sayOn(fence: f.dma_fence, name: string, say: Say): Sim<waiter> {
  const w = kzalloc(waiter, GFP_KERNEL)!
  w.name = name
  const func = (of: f.dma_fence, cb: f.dma_fence_cb): void => {
    say(container_of(cb, waiter, 'cb').name, f.dma_fence_test_signaled_flag(of))
  }
  yield* sim(f.dma_fence_add_callback(fence, w.cb, func))
  return w
}

/** As a callback or operation that may suspend. */
export const gen = (body: (...args: never[]) => Sim<unknown>): never => body as never
