import {
  atomic64_read, atomic64_read_acquire, atomic64_set, atomic64_set_release,
  atomic64_add, atomic64_fetch_add, atomic64_add_return, atomic64_sub,
  atomic64_fetch_sub, atomic64_sub_return, atomic64_and, atomic64_fetch_and,
  atomic64_or, atomic64_fetch_or, atomic64_xor, atomic64_fetch_xor,
  atomic64_inc, atomic64_inc_return, atomic64_fetch_inc, atomic64_inc_and_test,
  atomic64_dec, atomic64_dec_return, atomic64_fetch_dec, atomic64_dec_and_test,
  atomic64_sub_and_test, atomic64_add_negative, atomic64_xchg, atomic64_cmpxchg,
  atomic64_try_cmpxchg, atomic64_add_unless, atomic64_fetch_add_unless, atomic64_inc_not_zero,
  atomic64_inc_unless_negative, atomic64_dec_unless_positive, atomic64_dec_if_positive, atomic64_andnot,
  atomic64_fetch_andnot, ATOMIC64_INIT, atomic64_t,
} from './base64'

/** `atomic_long_t` is a 64-bit counter. Part of `linux/atomic`. */

export const atomic_long_t = atomic64_t
export type atomic_long_t = atomic64_t
export const ATOMIC_LONG_INIT = ATOMIC64_INIT
export const atomic_long_read = atomic64_read
export const atomic_long_read_acquire = atomic64_read_acquire
export const atomic_long_set = atomic64_set
export const atomic_long_set_release = atomic64_set_release
export const atomic_long_add = atomic64_add
export const atomic_long_fetch_add = atomic64_fetch_add
export const atomic_long_add_return = atomic64_add_return
export const atomic_long_sub = atomic64_sub
export const atomic_long_fetch_sub = atomic64_fetch_sub
export const atomic_long_sub_return = atomic64_sub_return
export const atomic_long_and = atomic64_and
export const atomic_long_fetch_and = atomic64_fetch_and
export const atomic_long_or = atomic64_or
export const atomic_long_fetch_or = atomic64_fetch_or
export const atomic_long_xor = atomic64_xor
export const atomic_long_fetch_xor = atomic64_fetch_xor
export const atomic_long_inc = atomic64_inc
export const atomic_long_inc_return = atomic64_inc_return
export const atomic_long_fetch_inc = atomic64_fetch_inc
export const atomic_long_inc_and_test = atomic64_inc_and_test
export const atomic_long_dec = atomic64_dec
export const atomic_long_dec_return = atomic64_dec_return
export const atomic_long_fetch_dec = atomic64_fetch_dec
export const atomic_long_dec_and_test = atomic64_dec_and_test
export const atomic_long_sub_and_test = atomic64_sub_and_test
export const atomic_long_add_negative = atomic64_add_negative
export const atomic_long_xchg = atomic64_xchg
export const atomic_long_cmpxchg = atomic64_cmpxchg
export const atomic_long_try_cmpxchg = atomic64_try_cmpxchg
export const atomic_long_add_unless = atomic64_add_unless
export const atomic_long_fetch_add_unless = atomic64_fetch_add_unless
export const atomic_long_inc_not_zero = atomic64_inc_not_zero
export const atomic_long_inc_unless_negative = atomic64_inc_unless_negative
export const atomic_long_dec_unless_positive = atomic64_dec_unless_positive
export const atomic_long_dec_if_positive = atomic64_dec_if_positive
export const atomic_long_andnot = atomic64_andnot
export const atomic_long_fetch_andnot = atomic64_fetch_andnot
