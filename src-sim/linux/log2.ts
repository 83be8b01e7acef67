import { quiet } from '../kernel/api'

/** Powers of two: `linux/log2`. */

export const is_power_of_2 = quiet((n: number): boolean => n > 0 && 2 ** exponent(n) === n)
/** The exponent of the largest power of two that is not above `n`. */
export const ilog2 = quiet((n: number): number => exponent(n))
/** The exponent of the smallest power of two that is not below `n`. */
export const order_base_2 = quiet((n: number): number => (n <= 1 ? 0 : exponent(n - 1) + 1))
export const roundup_pow_of_two = quiet((n: number): number => 2 ** order_base_2(n))
export const rounddown_pow_of_two = quiet((n: number): number => 2 ** exponent(n))
/** How many pages (as a power of two) hold so many bytes. */
export const get_order = quiet((bytes: number): number => order_base_2(Math.ceil(bytes / 4096)))

function exponent(n: number): number {
  let e = 0
  while (2 ** (e + 1) <= n) e++
  return e
}
