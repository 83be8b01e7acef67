import { kernelCall, quiet } from '../kernel/api'
import * as b from '../kernel/locking/bits'
import type { Bitmap } from '../kernel/locking/bits'
import { find_next_bit, find_next_zero_bit } from './bitops'
import { BITS_PER_LONG } from './bits'
import { kzalloc, kfree } from './slab'
import type { gfp_t } from './types'

/** Brought along, as by the C header. */
export * from './bitops'
export * from './string'

/** Many bits: `linux/bitmap`. A map is an array of 32-bit words. Nothing here is atomic. */

/** A map of `bits` bits, all clear. */
export const DECLARE_BITMAP = quiet((_name: string, bits: number): Uint32Array =>
  new Uint32Array(Math.ceil(bits / BITS_PER_LONG)),
)
/** An allocated map, all clear. Pair: `bitmap_free`. */
export function bitmap_zalloc(bits: number, flags: gfp_t): Uint32Array | null {
  const bytes = kzalloc(Math.ceil(bits / BITS_PER_LONG) * 4, flags)
  if (bytes === null) return null
  const map = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4)
  memory.set(map, bytes)
  return map
}
export const bitmap_alloc = bitmap_zalloc
const memory = new WeakMap<Uint32Array, Uint8Array>()
export function bitmap_free(map: Uint32Array | null): void {
  if (map !== null) kfree(memory.get(map) ?? null)
}

function setRange(map: Bitmap, start: number, count: number, to: boolean): void {
  for (let nr = start; nr < start + count; nr++) b.changeBit(nr, map, to)
}
export const bitmap_zero = kernelCall('bitmap_zero', (map: Bitmap, bits: number): void =>
  setRange(map, 0, bits, false),
)
export const bitmap_fill = kernelCall('bitmap_fill', (map: Bitmap, bits: number): void =>
  setRange(map, 0, bits, true),
)
export const bitmap_set = kernelCall(
  'bitmap_set',
  (map: Bitmap, start: number, count: number): void => setRange(map, start, count, true),
)
export const bitmap_clear = kernelCall(
  'bitmap_clear',
  (map: Bitmap, start: number, count: number): void => setRange(map, start, count, false),
)
/** Whether no bit is set; whether all are. */
export const bitmap_empty = kernelCall('bitmap_empty', (map: Bitmap, bits: number): boolean =>
  find_next_bit(map, bits, 0) >= bits,
)
export const bitmap_full = kernelCall('bitmap_full', (map: Bitmap, bits: number): boolean =>
  find_next_zero_bit(map, bits, 0) >= bits,
)
/** How many bits are set. */
export const bitmap_weight = kernelCall('bitmap_weight', (map: Bitmap, bits: number): number => {
  let count = 0
  for (let nr = 0; nr < bits; nr++) if (b.testBit(nr, map)) count++
  return count
})
export const bitmap_copy = kernelCall('bitmap_copy', (
  to: Bitmap, from: Bitmap, bits: number,
): void => {
  for (let nr = 0; nr < bits; nr++) b.changeBit(nr, to, b.testBit(nr, from))
})
export const bitmap_equal = kernelCall(
  'bitmap_equal',
  (a: Bitmap, other: Bitmap, bits: number): boolean => {
    for (let nr = 0; nr < bits; nr++) if (b.testBit(nr, a) !== b.testBit(nr, other)) return false
    return true
  },
)

type Combine = (a: boolean, b: boolean) => boolean
function combined(name: string, f: Combine) {
  return kernelCall(name, (to: Bitmap, one: Bitmap, two: Bitmap, bits: number): boolean => {
    let any = false
    for (let nr = 0; nr < bits; nr++) {
      const bit = f(b.testBit(nr, one), b.testBit(nr, two))
      b.changeBit(nr, to, bit)
      any ||= bit
    }
    return any
  })
}
/** `to = one & two`; whether any bit is set in it. */
export const bitmap_and = combined('bitmap_and', (x, y) => x && y)
export const bitmap_or = combined('bitmap_or', (x, y) => x || y)
export const bitmap_xor = combined('bitmap_xor', (x, y) => x !== y)
export const bitmap_andnot = combined('bitmap_andnot', (x, y) => x && !y)

/** The first place of `count` clear bits from `start` on (a multiple of `align + 1`), or `size`+. */
export const bitmap_find_next_zero_area = kernelCall(
  'bitmap_find_next_zero_area',
  (map: Bitmap, size: number, start: number, count: number, align: number): number => {
    for (let at = start; ; at++) {
      at = find_next_zero_bit(map, size, at)
      at = Math.ceil(at / (align + 1)) * (align + 1)
      if (at + count > size) return at + count
      const used = find_next_bit(map, at + count, at)
      if (used >= at + count) return at
      at = used
    }
  },
)
/** The set bits below `size`, in order: `for (const nr of for_each_set_bit(map, size))`. */
export const for_each_set_bit = quiet((map: Bitmap, size: number): number[] => {
  const found: number[] = []
  for (let nr = find_next_bit(map, size, 0); nr < size; nr = find_next_bit(map, size, nr + 1))
    found.push(nr)
  return found
})
export const for_each_clear_bit = quiet((map: Bitmap, size: number): number[] => {
  const found: number[] = []
  for (let nr = 0; nr < size; nr++) if (!b.testBit(nr, map)) found.push(nr)
  return found
})
