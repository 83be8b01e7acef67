import { kernelCall, quiet } from '../kernel/api'
import * as a from '../kernel/dma-buf/fence-array'
import { chainOf } from '../kernel/dma-buf/fence-chain'
import { isContainer } from '../kernel/dma-buf/fence-unwrap'
import type { dma_fence } from '../kernel/dma-buf/dma-fence'
import { allocate } from '../kernel/mm/slab'

/** Several fences as one: `linux/dma-fence-array`. */

export { dma_fence_array } from '../kernel/dma-buf/fence-array'

/** Whether this is an array, a chain, or either. */
export const dma_fence_is_array = quiet(function dma_fence_is_array(fence: dma_fence): boolean {
  return a.arrayOf(fence) !== null
})
export const dma_fence_is_chain = quiet(function dma_fence_is_chain(fence: dma_fence): boolean {
  return chainOf(fence) !== null
})
export const dma_fence_is_container = quiet(function dma_fence_is_container(
  fence: dma_fence,
): boolean {
  return isContainer(fence)
})
/** The array behind a fence, or null. */
export const to_dma_fence_array = quiet(function to_dma_fence_array(
  fence: dma_fence | null,
): a.dma_fence_array | null {
  return a.arrayOf(fence)
})
/** Memory for an array; null when there is none. */
export const dma_fence_array_alloc = kernelCall(
  'dma_fence_array_alloc',
  (_num_fences: number): a.dma_fence_array | null => allocate(a.dma_fence_array, true),
)
/**
 * Makes an array of `num_fences` fences ready: it takes over the list and the references in it.
 * Arrays and chains must not be among them.
 */
export const dma_fence_array_init = kernelCall('dma_fence_array_init', function (
  array: a.dma_fence_array,
  num_fences: number,
  fences: readonly dma_fence[] | null,
  context: number,
  seqno: number,
): void {
  a.initArray(array, num_fences, fences, context, seqno, dma_fence_is_container)
})
/** Both of them; null when memory is short. It is signaled when all fences are. */
export const dma_fence_array_create = kernelCall('dma_fence_array_create', function (
  num_fences: number,
  fences: readonly dma_fence[] | null,
  context: number,
  seqno: number,
): a.dma_fence_array | null {
  const array = allocate(a.dma_fence_array, true)
  if (array) a.initArray(array, num_fences, fences, context, seqno, dma_fence_is_container)
  return array
})
/** The first of an array's fences; the fence itself when it is no array. Null for null. */
export const dma_fence_array_first = quiet(function dma_fence_array_first(
  head: dma_fence | null,
): dma_fence | null {
  const array = a.arrayOf(head)
  return array ? (array.fences[0] ?? null) : head
})
/** The one with number `index`, or null. */
export const dma_fence_array_next = quiet(function dma_fence_array_next(
  head: dma_fence,
  index: number,
): dma_fence | null {
  return a.arrayOf(head)?.fences[index] ?? null
})
/** All fences of an array; the fence alone when it is none. */
export const dma_fence_array_for_each = quiet(function dma_fence_array_for_each(
  head: dma_fence | null,
): readonly dma_fence[] {
  return a.arrayOf(head)?.fences ?? (head ? [head] : [])
})
/** Whether all fences behind `fence` are of this timeline. */
export const dma_fence_match_context = kernelCall(
  'dma_fence_match_context',
  (fence: dma_fence, context: number): boolean =>
    (a.arrayOf(fence)?.fences ?? [fence]).every((f) => f.context === context),
)
