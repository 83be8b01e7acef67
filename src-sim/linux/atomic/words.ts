import { acquireOn, markAccess, releaseOn } from '../../kernel/locking/access'
import type { ptr } from '../types'

/**
 * Atomic operations on plain variables and members, through pointers: `xchg(ptr_to(dev, 'state'),
 * 1)`. Part of `linux/atomic` (C: `linux/cmpxchg`). Full barriers.
 */

function exchange<T>(pointer: ptr<T>, next: (old: T) => T): T {
  markAccess(pointer, 'value', true)
  acquireOn(pointer)
  const old = pointer.value
  pointer.value = next(old)
  releaseOn(pointer)
  return old
}

/** Writes `value` and answers what was there. */
export function xchg<T>(pointer: ptr<T>, value: T): T {
  return exchange(pointer, () => value)
}
/** Writes `value` where `old` is found; answers what was there. */
export function cmpxchg<T>(pointer: ptr<T>, old: T, value: T): T {
  return exchange(pointer, (found) => (found === old ? value : found))
}
/** As `cmpxchg`: true when it wrote; else what was found is left in `old`. */
export function try_cmpxchg<T>(pointer: ptr<T>, old: ptr<T>, value: T): boolean {
  const found = cmpxchg(pointer, old.value, value)
  if (found === old.value) return true
  old.value = found
  return false
}
export const cmpxchg64 = cmpxchg
export const cmpxchg_relaxed = cmpxchg
export const cmpxchg_acquire = cmpxchg
export const cmpxchg_release = cmpxchg
export const xchg_relaxed = xchg
