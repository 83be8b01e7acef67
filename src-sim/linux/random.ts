import { machine } from '../engine/current'
import { kernelCall } from '../kernel/api'

/** Random numbers: `linux/random`. They follow from the seed of the run. */

export const get_random_u32 = kernelCall('get_random_u32', (): number => machine().nextRandom())
export const get_random_u8 = kernelCall(
  'get_random_u8',
  (): number => machine().nextRandom() & 0xff,
)
export const get_random_u16 = kernelCall('get_random_u16', (): number =>
  machine().nextRandom() & 0xffff,
)
/** Below `ceil`. */
export const get_random_u32_below = kernelCall(
  'get_random_u32_below',
  (ceil: number): number => machine().nextRandom() % ceil,
)
/** From `floor` to `ceil`, both included. */
export const get_random_u32_inclusive = kernelCall(
  'get_random_u32_inclusive',
  (floor: number, ceil: number): number => floor + (machine().nextRandom() % (ceil - floor + 1)),
)
export const get_random_bytes = kernelCall('get_random_bytes', (
  buf: Uint8Array, len: number,
): void => {
  for (let i = 0; i < len; i++) buf[i] = machine().nextRandom() & 0xff
})

/** 53 random bits, all that a number can hold. */
export const get_random_u64 = (): number => get_random_u32() * 0x20_0000 + (get_random_u32() >>> 11)
