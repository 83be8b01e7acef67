import { quiet } from '../kernel/api'

/** Whole-number arithmetic: `linux/math`, with `linux/math64`. */

/** Quotient, rounded up. */
export const DIV_ROUND_UP = quiet((n: number, d: number): number => Math.ceil(n / d))
export const DIV_ROUND_UP_ULL = DIV_ROUND_UP
export const DIV_ROUND_DOWN_ULL = quiet((n: number, d: number): number => Math.floor(n / d))
/** Quotient, rounded to the nearest. */
export const DIV_ROUND_CLOSEST = quiet((n: number, d: number): number =>
  n < 0 !== d < 0 ? Math.ceil(n / d - 0.5) : Math.floor(n / d + 0.5),
)
/** Up (down) to a multiple of any number. */
export const roundup = quiet((x: number, to: number): number => Math.ceil(x / to) * to)
export const rounddown = quiet((x: number, to: number): number => Math.floor(x / to) * to)
/** The same for powers of two. */
export const round_up = roundup
export const round_down = rounddown
/** `x * n / d` without losing what does not fit in between. */
export const mult_frac = quiet((x: number, n: number, d: number): number =>
  Math.floor(x / d) * n + Math.floor(((x % d) * n) / d),
)
export const abs = quiet((x: number): number => (x < 0 ? -x : x))
export const abs_diff = quiet((a: number, b: number): number => (a > b ? a - b : b - a))
/** Largest whole number whose square is not above `x`. */
export const int_sqrt = quiet((x: number): number => Math.floor(Math.sqrt(x)))
export const gcd = quiet((a: number, b: number): number => {
  let [x, y] = [a, b]
  while (y !== 0) [x, y] = [y, x % y]
  return x
})
/** Quotients of 64-bit numbers, rounded towards 0. */
export const div_u64 = quiet((n: number, d: number): number => Math.trunc(n / d))
export const div64_u64 = div_u64
export const div_s64 = div_u64
export const mul_u32_u32 = quiet((a: number, b: number): number => a * b)
/** Divides in place and answers the rest. */
export const do_div = quiet((n: { value: number }, base: number): number => {
  const rest = n.value % base
  n.value = Math.trunc(n.value / base)
  return rest
})
