import { quiet } from '../kernel/api'

/** The smaller, the larger, the one in between: `linux/minmax`. */

export const min = quiet((a: number, b: number): number => (a < b ? a : b))
export const max = quiet((a: number, b: number): number => (a > b ? a : b))
export const min3 = quiet((a: number, b: number, c: number): number => min(min(a, b), c))
export const max3 = quiet((a: number, b: number, c: number): number => max(max(a, b), c))
/** The smaller of the two that is not 0. */
export const min_not_zero = quiet((a: number, b: number): number =>
  a === 0 ? b : b === 0 ? a : min(a, b),
)
/** The type comes first in C; any first argument is taken. */
export const min_t = quiet((_type: unknown, a: number, b: number): number => min(a, b))
export const max_t = quiet((_type: unknown, a: number, b: number): number => max(a, b))
/** `x`, but at least `low` and at most `high`. */
export const clamp = quiet((x: number, low: number, high: number): number =>
  x < low ? low : x > high ? high : x,
)
export const clamp_t = quiet((_type: unknown, x: number, low: number, high: number): number =>
  clamp(x, low, high),
)
export const clamp_val = clamp
/** Whether `x` is in [start, start + length). */
export const in_range = quiet(
  (x: number, start: number, length: number): boolean => x >= start && x < start + length,
)
