import { quiet } from '../kernel/api'

/** Hash functions: `linux/hash`. */

const GOLDEN_RATIO_32 = 0x61c8_8647

/** The upper `bits` bits of a mixed-up value. */
export const hash_32 = quiet(
  (value: number, bits: number): number => Math.imul(value, GOLDEN_RATIO_32) >>> (32 - bits),
)
export const hash_64 = quiet((value: number, bits: number): number => {
  const high = Math.floor(value / 0x1_0000_0000)
  return Math.imul((value ^ Math.imul(high, GOLDEN_RATIO_32)) | 0, GOLDEN_RATIO_32) >>> (32 - bits)
})
export const hash_long = hash_64
