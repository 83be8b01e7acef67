import { kernelCall, quiet } from '../kernel/api'
import { acquireOn } from '../kernel/locking/access'
import * as b from '../kernel/locking/bits'
import type { Bitmap } from '../kernel/locking/bits'

/** Brought along, as by the C header. */
export * from './bits'

/**
 * Bits in words: `linux/bitops`. A bitmap is an array of 32-bit words (`Uint32Array`), or a `ptr` to
 * one word. Functions without underscores are atomic.
 */


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
export const test_and_set_bit = kernelCall('test_and_set_bit', (
  nr: number, addr: Bitmap,
): boolean =>
  b.changeBitOrdered(nr, addr, true),
)
export const test_and_clear_bit = kernelCall('test_and_clear_bit', (
  nr: number, addr: Bitmap,
): boolean =>
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
/** How many bits of a word are set. */
export const hweight_long = hweight32
export const hweight8 = quiet((w: number): number => hweight32(w & 0xff))
export const hweight16 = quiet((w: number): number => hweight32(w & 0xffff))
export const hweight64 = quiet((w: number): number =>
  hweight32(w % 0x1_0000_0000) + hweight32(Math.floor(w / 0x1_0000_0000)),
)
/** Number of the highest set bit, from 0. The word must not be 0. */
export const __fls = quiet((word: number): number => 31 - Math.clz32(word))
/** As `fls` for 64-bit words. */
export const fls64 = quiet((word: number): number => {
  if (word === Infinity) return 64
  const high = Math.floor(word / 0x1_0000_0000)
  return high > 0 ? 64 - Math.clz32(high) : 32 - Math.clz32(word)
})
export const fls_long = fls64
/** Number of the lowest clear bit, from 0. */
export const ffz = quiet((word: number): number => __ffs(~word))
/** Rotates a 32-bit word. */
export const rol32 = quiet((w: number, n: number): number =>
  ((w << (n & 31)) | (w >>> (-n & 31))) >>> 0,
)
export const ror32 = quiet((w: number, n: number): number => rol32(w, 32 - n))
export const find_last_bit = quiet((addr: Bitmap, size: number): number => {
  for (let nr = size - 1; nr >= 0; nr--) if (b.testBit(nr, addr)) return nr
  return size
})
/** Not atomic: for words that nobody else sees. Answers what the bit was. */
export const __test_and_set_bit = quiet((nr: number, addr: Bitmap): boolean =>
  b.changeBit(nr, addr, true),
)
export const __test_and_clear_bit = quiet((nr: number, addr: Bitmap): boolean =>
  b.changeBit(nr, addr, false),
)
export const __change_bit = quiet((nr: number, addr: Bitmap): void => {
  b.changeBit(nr, addr, null)
})
/** Sets or clears, as `value` says. */
export const assign_bit = kernelCall('assign_bit', (
  nr: number, addr: Bitmap, value: unknown,
): void => {
  b.changeBit(nr, addr, Boolean(value))
})
export const __assign_bit = assign_bit
/** Reads a bit so that what was done before it was set is seen. */
export const test_bit_acquire = kernelCall('test_bit_acquire', (
  nr: number, addr: Bitmap,
): boolean => {
  acquireOn(addr)
  return b.testBit(nr, addr)
})
