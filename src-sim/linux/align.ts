import { quiet } from '../kernel/api'
import { rounddown, roundup } from './math'

/** Rounding to powers of two: `linux/align`. */

/** Rounds up to a power of two `to`. */
export const ALIGN = roundup
/** Rounds down to a power of two `to`. */
export const ALIGN_DOWN = rounddown
export const IS_ALIGNED = quiet((x: number, to: number): boolean => x % to === 0)
