import { machine } from '../engine/current'
import { kernelCall, quiet } from '../kernel/api'
import * as c from '../kernel/dma-buf/fence-chain'
import type { dma_fence } from '../kernel/dma-buf/dma-fence'
import { allocate, slab } from '../kernel/mm/slab'

/** Points on timelines: `linux/dma-fence-chain`. */

export { dma_fence_chain } from '../kernel/dma-buf/fence-chain'
export { dma_fence_is_chain } from './dma-fence-array'

/** The point behind a fence, or null. */
export const to_dma_fence_chain = quiet(function to_dma_fence_chain(
  fence: dma_fence | null,
): c.dma_fence_chain | null {
  return c.chainOf(fence)
})
/** The fence of a point; any other fence is answered itself. */
export const dma_fence_chain_contained = quiet(function dma_fence_chain_contained(
  fence: dma_fence,
): dma_fence {
  return c.containedIn(fence)
})
/** Memory for a point; null when there is none. */
export const dma_fence_chain_alloc = kernelCall(
  'dma_fence_chain_alloc',
  (): c.dma_fence_chain | null => allocate(c.dma_fence_chain, true),
)
/** Frees a point that was never initialised. */
export const dma_fence_chain_free = kernelCall(
  'dma_fence_chain_free',
  (chain: c.dma_fence_chain | null): void => {
    if (chain) slab(machine()).free(chain)
  },
)
/**
 * Puts a point with number `seqno` behind `prev` (or begins a timeline). It takes over the
 * references on both; `fence` must not be a chain.
 */
export const dma_fence_chain_init = kernelCall('dma_fence_chain_init', c.initChain)
/** The nearest pending point before `fence`, in exchange for its reference; null at the end. */
export const dma_fence_chain_walk = kernelCall('dma_fence_chain_walk', c.walkChain)
/**
 * Exchanges the head in `pfence` (a `ptr`) for the point to wait for: null when everything up to
 * `seqno` is over. 0; -EINVAL: no chain, or `seqno` is not there yet.
 */
export const dma_fence_chain_find_seqno = kernelCall('dma_fence_chain_find_seqno', c.findSeqno)
