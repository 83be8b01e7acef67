/** The ranges of the integer types: `linux/limits`. */

export const U32_MAX = 0xffffffff
export const INT_MAX = 0x7fffffff
export const U8_MAX = 0xff
export const S8_MAX = 0x7f
export const S8_MIN = -0x80
export const U16_MAX = 0xffff
export const S16_MAX = 0x7fff
export const S16_MIN = -0x8000
export const S32_MAX = INT_MAX
export const S32_MIN = -0x8000_0000
export const INT_MIN = S32_MIN
export const UINT_MAX = U32_MAX
/** As near as a number comes to it; it prints as all ones. */
export const ULONG_MAX: number = 2 ** 64 - 1
export const U64_MAX = ULONG_MAX
