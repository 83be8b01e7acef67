import { quiet } from '../kernel/api'

/** Bits and masks: `linux/bits`. */

/** Bit maps are arrays of 32-bit words here. */
export const BITS_PER_LONG = 32

export const BIT = quiet(function BIT(n: number): number {
  return n < 31 ? 1 << n : 2 ** n
})

/** A mask with bits `low` to `high` set. */
export const GENMASK = quiet(function GENMASK(high: number, low: number): number {
  return 2 ** (high + 1) - 2 ** low
})
export const BIT_ULL = BIT
export const GENMASK_ULL = GENMASK

/** How many words hold `n` bits. */
export const BITS_TO_LONGS = quiet((n: number): number => Math.ceil(n / BITS_PER_LONG))
