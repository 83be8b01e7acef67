import {
  atomic64_add_return, atomic64_fetch_add, atomic64_sub_return, atomic64_fetch_sub,
  atomic64_fetch_and, atomic64_fetch_or, atomic64_fetch_xor, atomic64_fetch_andnot,
  atomic64_inc_return, atomic64_fetch_inc, atomic64_dec_return, atomic64_fetch_dec,
  atomic64_xchg, atomic64_cmpxchg, atomic64_try_cmpxchg,
} from './base64'

/**
 * Forms of atomic operations that promise less order than the plain ones. Memory here never
 * reorders, so they are the same operations under the names that say what the caller relies on.
 * Part of `linux/atomic`.
 */

export const atomic64_add_return_relaxed = atomic64_add_return
export const atomic64_add_return_acquire = atomic64_add_return
export const atomic64_add_return_release = atomic64_add_return
export const atomic64_fetch_add_relaxed = atomic64_fetch_add
export const atomic64_fetch_add_acquire = atomic64_fetch_add
export const atomic64_fetch_add_release = atomic64_fetch_add
export const atomic64_sub_return_relaxed = atomic64_sub_return
export const atomic64_sub_return_acquire = atomic64_sub_return
export const atomic64_sub_return_release = atomic64_sub_return
export const atomic64_fetch_sub_relaxed = atomic64_fetch_sub
export const atomic64_fetch_sub_acquire = atomic64_fetch_sub
export const atomic64_fetch_sub_release = atomic64_fetch_sub
export const atomic64_fetch_and_relaxed = atomic64_fetch_and
export const atomic64_fetch_and_acquire = atomic64_fetch_and
export const atomic64_fetch_and_release = atomic64_fetch_and
export const atomic64_fetch_or_relaxed = atomic64_fetch_or
export const atomic64_fetch_or_acquire = atomic64_fetch_or
export const atomic64_fetch_or_release = atomic64_fetch_or
export const atomic64_fetch_xor_relaxed = atomic64_fetch_xor
export const atomic64_fetch_xor_acquire = atomic64_fetch_xor
export const atomic64_fetch_xor_release = atomic64_fetch_xor
export const atomic64_fetch_andnot_relaxed = atomic64_fetch_andnot
export const atomic64_fetch_andnot_acquire = atomic64_fetch_andnot
export const atomic64_fetch_andnot_release = atomic64_fetch_andnot
export const atomic64_inc_return_relaxed = atomic64_inc_return
export const atomic64_inc_return_acquire = atomic64_inc_return
export const atomic64_inc_return_release = atomic64_inc_return
export const atomic64_fetch_inc_relaxed = atomic64_fetch_inc
export const atomic64_fetch_inc_acquire = atomic64_fetch_inc
export const atomic64_fetch_inc_release = atomic64_fetch_inc
export const atomic64_dec_return_relaxed = atomic64_dec_return
export const atomic64_dec_return_acquire = atomic64_dec_return
export const atomic64_dec_return_release = atomic64_dec_return
export const atomic64_fetch_dec_relaxed = atomic64_fetch_dec
export const atomic64_fetch_dec_acquire = atomic64_fetch_dec
export const atomic64_fetch_dec_release = atomic64_fetch_dec
export const atomic64_xchg_relaxed = atomic64_xchg
export const atomic64_xchg_acquire = atomic64_xchg
export const atomic64_xchg_release = atomic64_xchg
export const atomic64_cmpxchg_relaxed = atomic64_cmpxchg
export const atomic64_cmpxchg_acquire = atomic64_cmpxchg
export const atomic64_cmpxchg_release = atomic64_cmpxchg
export const atomic64_try_cmpxchg_relaxed = atomic64_try_cmpxchg
export const atomic64_try_cmpxchg_acquire = atomic64_try_cmpxchg
export const atomic64_try_cmpxchg_release = atomic64_try_cmpxchg
