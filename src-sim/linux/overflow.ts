import { quiet } from '../kernel/api'
import type { ptr } from './types'

/**
 * Arithmetic that notices overflow: `linux/overflow`. Sizes are those of a `size_t`; what does not
 * fit is SIZE_MAX, which no allocation grants.
 */
export const SIZE_MAX = 2 ** 64

const fitting = (n: number): number => (n < 0 || n >= SIZE_MAX ? SIZE_MAX : n)

export const size_add = quiet((a: number, b: number): number => fitting(a + b))
export const size_sub = quiet((a: number, b: number): number => fitting(a - b))
export const size_mul = quiet((a: number, b: number): number => fitting(a * b))
export const array_size = size_mul
export const array3_size = quiet((a: number, b: number, c: number): number => fitting(a * b * c))

/** Stores the result for `bits` (32 unless said) unsigned bits; true when it does not fit. */
function checked(result: number, d: ptr<number>, bits: number): boolean {
  const range = 2 ** bits
  d.value = ((result % range) + range) % range
  return result < 0 || result >= range
}
export const check_add_overflow = quiet((a: number, b: number, d: ptr<number>, bits = 32): boolean =>
  checked(a + b, d, bits),
)
export const check_sub_overflow = quiet((a: number, b: number, d: ptr<number>, bits = 32): boolean =>
  checked(a - b, d, bits),
)
export const check_mul_overflow = quiet((a: number, b: number, d: ptr<number>, bits = 32): boolean =>
  checked(a * b, d, bits),
)
