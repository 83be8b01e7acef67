import {
  atomic_add_return, atomic_fetch_add, atomic_sub_return, atomic_fetch_sub,
  atomic_fetch_and, atomic_fetch_or, atomic_fetch_xor, atomic_fetch_andnot,
  atomic_inc_return, atomic_fetch_inc, atomic_dec_return, atomic_fetch_dec,
  atomic_xchg, atomic_cmpxchg, atomic_try_cmpxchg,
} from './base'

/**
 * Forms of atomic operations that promise less order than the plain ones. Memory here never
 * reorders, so they are the same operations under the names that say what the caller relies on.
 * Part of `linux/atomic`.
 */

export const atomic_add_return_relaxed = atomic_add_return
export const atomic_add_return_acquire = atomic_add_return
export const atomic_add_return_release = atomic_add_return
export const atomic_fetch_add_relaxed = atomic_fetch_add
export const atomic_fetch_add_acquire = atomic_fetch_add
export const atomic_fetch_add_release = atomic_fetch_add
export const atomic_sub_return_relaxed = atomic_sub_return
export const atomic_sub_return_acquire = atomic_sub_return
export const atomic_sub_return_release = atomic_sub_return
export const atomic_fetch_sub_relaxed = atomic_fetch_sub
export const atomic_fetch_sub_acquire = atomic_fetch_sub
export const atomic_fetch_sub_release = atomic_fetch_sub
export const atomic_fetch_and_relaxed = atomic_fetch_and
export const atomic_fetch_and_acquire = atomic_fetch_and
export const atomic_fetch_and_release = atomic_fetch_and
export const atomic_fetch_or_relaxed = atomic_fetch_or
export const atomic_fetch_or_acquire = atomic_fetch_or
export const atomic_fetch_or_release = atomic_fetch_or
export const atomic_fetch_xor_relaxed = atomic_fetch_xor
export const atomic_fetch_xor_acquire = atomic_fetch_xor
export const atomic_fetch_xor_release = atomic_fetch_xor
export const atomic_fetch_andnot_relaxed = atomic_fetch_andnot
export const atomic_fetch_andnot_acquire = atomic_fetch_andnot
export const atomic_fetch_andnot_release = atomic_fetch_andnot
export const atomic_inc_return_relaxed = atomic_inc_return
export const atomic_inc_return_acquire = atomic_inc_return
export const atomic_inc_return_release = atomic_inc_return
export const atomic_fetch_inc_relaxed = atomic_fetch_inc
export const atomic_fetch_inc_acquire = atomic_fetch_inc
export const atomic_fetch_inc_release = atomic_fetch_inc
export const atomic_dec_return_relaxed = atomic_dec_return
export const atomic_dec_return_acquire = atomic_dec_return
export const atomic_dec_return_release = atomic_dec_return
export const atomic_fetch_dec_relaxed = atomic_fetch_dec
export const atomic_fetch_dec_acquire = atomic_fetch_dec
export const atomic_fetch_dec_release = atomic_fetch_dec
export const atomic_xchg_relaxed = atomic_xchg
export const atomic_xchg_acquire = atomic_xchg
export const atomic_xchg_release = atomic_xchg
export const atomic_cmpxchg_relaxed = atomic_cmpxchg
export const atomic_cmpxchg_acquire = atomic_cmpxchg
export const atomic_cmpxchg_release = atomic_cmpxchg
export const atomic_try_cmpxchg_relaxed = atomic_try_cmpxchg
export const atomic_try_cmpxchg_acquire = atomic_try_cmpxchg
export const atomic_try_cmpxchg_release = atomic_try_cmpxchg
