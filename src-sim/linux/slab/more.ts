import { hidden } from '../../engine/object'
import { kernelCall, quiet } from '../../kernel/api'
import { mightAlloc } from '../../kernel/locking/fs-reclaim'
import { allocate, type Allocation } from '../../kernel/mm/slab'
import type { gfp_t } from '../types'
import { GFP_KERNEL, kcalloc, kfree, kmalloc, kzalloc } from '../slab'

/** Less common allocations. Part of `linux/slab`. */

type Class<T> = new () => T

/** An array of `n` structures, or `n * size` bytes, not zeroed. Pair: `kfree`. */
export const kmalloc_array = kcalloc
/** Memory from wherever there is some. Pair: `kvfree`. */
export const kvmalloc = kmalloc
export const kvzalloc = kzalloc
export const kvcalloc = kcalloc
export const kvmalloc_array = kcalloc
export const kmalloc_node = kmalloc
export const kzalloc_node = kzalloc
export function kvfree(object: object | null): void {
  kfree(object)
}
;(kvfree as { $freely?: true }).$freely = true
/** As `kfree`, for what may not be on the heap at all. */
export const kfree_const = kvfree

/** `kmalloc_obj(type)`, `kmalloc_objs(type, n)`: as `kmalloc`, GFP_KERNEL unless told otherwise. */
export function kmalloc_obj<T extends object>(type: Class<T>, gfp: gfp_t = GFP_KERNEL): T | null {
  return kmalloc(type, gfp)
}
export function kmalloc_objs<T extends object>(
  type: Class<T>,
  n: number,
  gfp: gfp_t = GFP_KERNEL,
): T[] | null {
  return kcalloc(n, type, gfp)
}
export const kzalloc_objs = kmalloc_objs

/** The same bytes in a block of another size; the old block is gone unless this answers null. */
export const krealloc = kernelCall(
  'krealloc',
  (old: Uint8Array | null, size: number, gfp: gfp_t): Uint8Array | null => {
    mightAlloc('krealloc', gfp)
    const block = allocate<Uint8Array>(size, true) as Uint8Array | null
    if (block === null || old === null) return block
    block.set(old.subarray(0, Math.min(size, old.length)))
    kfree(old)
    return block
  },
)
/** How many bytes the block really has; 0 for null. */
export const ksize = quiet((object: object | null): number =>
  object === null ? 0 : ((hidden(object).$alloc as Allocation | undefined)?.bytes ?? 0),
)
