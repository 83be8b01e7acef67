import { machine } from '../engine/current'
import { mightAlloc } from '../kernel/locking/fs-reclaim'
import { allocate, slab } from '../kernel/mm/slab'
import { visitMembers } from '../kernel/mm/embed'
import type { gfp_t } from './types'

/** Brought along, as by the C header. */
export * from './cleanup'
export * from './gfp'
export * from './hash'
export * from './rcupdate'
export * from './types'
export * from './workqueue'

/** Memory of the kernel: `linux/slab`. */

const DIRECT_RECLAIM = 0x400
const IO = 0x40
const FS = 0x80
const KSWAPD = 0x800
const HIGH = 0x20
const ZERO = 0x100

/** The usual flags: may sleep, so task context without locks that forbid it. */
export const GFP_KERNEL: gfp_t = DIRECT_RECLAIM | KSWAPD | IO | FS
/** May be used anywhere; fails more readily. */
export const GFP_ATOMIC: gfp_t = HIGH | KSWAPD
/** Never sleeps and does not use reserves. */
export const GFP_NOWAIT: gfp_t = KSWAPD
/** May sleep but starts no I/O. */
export const GFP_NOIO: gfp_t = DIRECT_RECLAIM | KSWAPD
export const GFP_NOFS: gfp_t = DIRECT_RECLAIM | KSWAPD | IO
export const GFP_DMA: gfp_t = 0x1
export const GFP_DMA32: gfp_t = 0x4
export const GFP_USER: gfp_t = GFP_KERNEL | 0x100000
/** Ask for zeroed memory. */
export const __GFP_ZERO: gfp_t = ZERO
export const __GFP_NOWARN: gfp_t = 0x2000

type Type<T> = new () => T

function allocateChecked(name: string, what: Type<object> | number, flags: gfp_t): unknown {
  mightAlloc(name, flags)
  return allocate(what, (flags & ZERO) !== 0 || name !== 'kmalloc')
}

/**
 * Allocates a zeroed structure of class `type`, or `size` zeroed bytes (answered as a buffer with
 * one element a byte). May sleep with GFP_KERNEL, not with GFP_ATOMIC. Null when there is no
 * memory. Pair: `kfree`.
 */
export function kzalloc<T extends object>(type: Type<T>, flags: gfp_t): T | null
export function kzalloc(size: number, flags: gfp_t): Uint8Array | null
export function kzalloc(what: Type<object> | number, flags: gfp_t): unknown {
  return allocateChecked('kzalloc', what, flags)
}

/** As `kzalloc`; bytes are not zeroed (they read 0xcc). Pair: `kfree`. */
export function kmalloc<T extends object>(type: Type<T>, flags: gfp_t): T | null
export function kmalloc(size: number, flags: gfp_t): Uint8Array | null
export function kmalloc(what: Type<object> | number, flags: gfp_t): unknown {
  return allocateChecked('kmalloc', what, flags)
}

/** `kzalloc_obj(type)`: as `kzalloc` with GFP_KERNEL unless told otherwise. Pair: `kfree`. */
export function kzalloc_obj<T extends object>(type: Type<T>, flags: gfp_t = GFP_KERNEL): T | null {
  return allocateChecked('kzalloc', type, flags) as T | null
}

/** An array of `n` zeroed structures, or `n * size` zeroed bytes. Pair: `kfree` of the array. */
export function kcalloc<T extends object>(n: number, type: Type<T>, flags: gfp_t): T[] | null
export function kcalloc(n: number, size: number, flags: gfp_t): Uint8Array | null
export function kcalloc(n: number, what: Type<object> | number, flags: gfp_t): unknown {
  mightAlloc('kcalloc', flags)
  if (typeof what === 'number') return allocate(n * what, true)
  const array = Array.from({ length: n }, () => new what())
  return slab(machine()).alloc(array, Math.max(8, n * 8))
}

/** A copy of `length` bytes of `source`. Pair: `kfree`. */
export function kmemdup(source: Uint8Array, length: number, flags: gfp_t): Uint8Array | null {
  mightAlloc('kmemdup', flags)
  const copy = allocate<Uint8Array>(length, true) as Uint8Array | null
  copy?.set(source.subarray(0, length))
  return copy
}

/**
 * Frees what `kmalloc` and its kin answered, with everything embedded in it. Null is allowed. Does
 * not sleep. A second free, or one of something inside an allocation, is reported.
 */
export function kfree(object: object | null): void {
  if (object !== null && object !== undefined) slab(machine()).free(object)
}
;(kfree as { $freely?: true }).$freely = true

/** As `kfree`, after overwriting the contents. */
export function kfree_sensitive(object: object | null): void {
  kfree(object)
}
;(kfree_sensitive as { $freely?: true }).$freely = true

/** Sets bytes of a buffer, or all plain members of a structure, to zero. */
export function memset(object: object, value: number, length: number): void {
  if (object instanceof Uint8Array) object.fill(value, 0, length)
  else
    visitMembers(object, (member) => {
      const fields = member as Record<string, unknown>
      for (const key of Object.keys(fields)) if (typeof fields[key] === 'number') fields[key] = value
    })
}

/** Copies bytes between buffers. Answers `to`. */
export function memcpy(to: Uint8Array, from: Uint8Array, length: number): Uint8Array {
  to.set(from.subarray(0, length))
  return to
}

export { vfree, vmalloc, vzalloc } from './vmalloc'
export * from './slab/caches'
export * from './slab/bulk'
export * from './slab/more'
