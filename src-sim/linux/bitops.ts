import { kernelCall, quiet } from '../kernel/api'
import * as b from '../kernel/locking/bits'
import type { Bitmap } from '../kernel/locking/bits'

/**
 * Bits in words: `linux/bitops`. A bitmap is an array of 32-bit words (`Uint32Array`), or a `ptr` to
 * one word. Functions without underscores are atomic.
 */

export const BITS_PER_LONG = 32

export const test_bit = kernelCall('test_bit', b.testBit)
/** Atomic, but orders nothing. */
export const set_bit = kernelCall('set_bit', (nr: number, addr: Bitmap): void => {
  b.changeBit(nr, addr, true)
})
export const clear_bit = kernelCall('clear_bit', (nr: number, addr: Bitmap): void => {
  b.changeBit(nr, addr, false)
})
export const change_bit = kernelCall('change_bit', (nr: number, addr: Bitmap): void => {
  b.changeBit(nr, addr, null)
})
/** Answers what the bit was; a full barrier. */
export const test_and_set_bit = kernelCall('test_and_set_bit', (nr: number, addr: Bitmap): boolean =>
  b.changeBitOrdered(nr, addr, true),
)
export const test_and_clear_bit = kernelCall('test_and_clear_bit', (nr: number, addr: Bitmap): boolean =>
  b.changeBitOrdered(nr, addr, false),
)
export const test_and_change_bit = kernelCall(
  'test_and_change_bit',
  (nr: number, addr: Bitmap): boolean => b.changeBitOrdered(nr, addr, null),
)
/** For bits used as locks: what was done before the unlock is seen after the lock. */
export const test_and_set_bit_lock = kernelCall(
  'test_and_set_bit_lock',
  (nr: number, addr: Bitmap): boolean => b.changeBitOrdered(nr, addr, true),
)
export const clear_bit_unlock = kernelCall('clear_bit_unlock', (nr: number, addr: Bitmap): void => {
  b.changeBitOrdered(nr, addr, false)
})
/** Not atomic: for words that nobody else sees. */
export const __set_bit = quiet((nr: number, addr: Bitmap): void => void b.changeBit(nr, addr, true))
export const __clear_bit = quiet(
  (nr: number, addr: Bitmap): void => void b.changeBit(nr, addr, false),
)

/** The first set bit below `size`, `size` when there is none. */
export function find_first_bit(addr: Bitmap, size: number): number {
  return find_next_bit(addr, size, 0)
}
export function find_next_bit(addr: Bitmap, size: number, offset: number): number {
  for (let nr = offset; nr < size; nr++) if (b.testBit(nr, addr)) return nr
  return size
}
export function find_first_zero_bit(addr: Bitmap, size: number): number {
  return find_next_zero_bit(addr, size, 0)
}
export function find_next_zero_bit(addr: Bitmap, size: number, offset: number): number {
  for (let nr = offset; nr < size; nr++) if (!b.testBit(nr, addr)) return nr
  return size
}
/** How many bits of a 32-bit word are set. */
export const hweight32 = quiet(function hweight32(w: number): number {
  let count = 0
  for (let rest = w >>> 0; rest !== 0; rest = (rest & (rest - 1)) >>> 0) count++
  return count
})
/** Number of the lowest set bit, from 0. The word must not be 0. */
export const __ffs = quiet((word: number): number => 31 - Math.clz32(word & -word))
/** Number of the highest set bit, from 1; 0 for 0. */
export const fls = quiet((word: number): number => 32 - Math.clz32(word))
export const ffs = quiet((word: number): number => (word === 0 ? 0 : 32 - Math.clz32(word & -word)))
