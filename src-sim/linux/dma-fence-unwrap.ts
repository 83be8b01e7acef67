import { kernelCall } from '../kernel/api'
import type { Sim } from '../engine/suspend'
import type { dma_fence } from '../kernel/dma-buf/dma-fence'
import * as u from '../kernel/dma-buf/fence-unwrap'

/**
 * What is inside chains and arrays: `linux/dma-fence-unwrap`. A walk over all of it reads
 *
 *   for (let f = dma_fence_unwrap_first(head, cursor); f; f = dma_fence_unwrap_next(cursor))
 *
 * and lets go of its references when it reaches the end.
 */

export { dma_fence_unwrap } from '../kernel/dma-buf/fence-unwrap'

/** Begins a walk: the first fence inside `head`, or null. */
export const dma_fence_unwrap_first = kernelCall('dma_fence_unwrap_first', u.unwrapFirst)
export const dma_fence_unwrap_next = kernelCall('dma_fence_unwrap_next', u.unwrapNext)
/**
 * One fence that is signaled when all of these are: a signaled one when nothing is pending, the
 * one that is pending, or an array of the latest of each timeline. Null when memory is short.
 */
export const dma_fence_unwrap_merge = kernelCall(
  'dma_fence_unwrap_merge',
  (...fences: (dma_fence | null)[]): Sim<dma_fence | null> => u.mergeFences(fences),
)
/** Drops all but the latest fence of each timeline; answers how many are left. */
export const dma_fence_dedup_array = kernelCall('dma_fence_dedup_array', u.dedupFences)
