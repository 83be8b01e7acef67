import { EINVAL, ERANGE } from '../kernel/errno'
import { textOf, type Text } from './string'
import type { ptr } from './types'

/** Numbers from texts: `linux/kstrtox`. 0 with the number in `res`, -EINVAL or -ERANGE. */

const DIGITS = '0123456789abcdefghijklmnopqrstuvwxyz'

/** The number of a text, or a negative errno as text would not do. */
function parse(s: Text, base: number, signed: boolean): number | null {
  const match = /^([-+]?)(0x)?([0-9a-z]+)\n?$/i.exec(textOf(s))
  if (!match || (match[1] === '-' && !signed)) return null
  const digits = match[3]!.toLowerCase()
  const octal = base === 0 && match[2] === undefined && digits.length > 1 && digits[0] === '0'
  const radix = base !== 0 ? base : match[2] !== undefined ? 16 : octal ? 8 : 10
  if (match[2] !== undefined && radix !== 16) return null
  let value = 0
  for (const digit of digits) {
    const n = DIGITS.indexOf(digit)
    if (n < 0 || n >= radix) return null
    value = value * radix + n
  }
  return match[1] === '-' ? -value : value
}

type Convert = (s: Text, base: number, res: ptr<number>) => number

function within(min: number, max: number): Convert {
  return (s, base, res) => {
    const value = parse(s, base, min < 0)
    if (value === null) return -EINVAL
    if (value < min || value > max) return -ERANGE
    res.value = value
    return 0
  }
}

/** `base` 0 takes 0x and 0 as C does. A line end behind the digits is allowed. */
export const kstrtoint = within(-0x8000_0000, 0x7fff_ffff)
export const kstrtouint = within(0, 0xffff_ffff)
export const kstrtol = within(-(2 ** 63), 2 ** 63 - 1)
export const kstrtoul = within(0, 2 ** 64 - 1)
export const kstrtoll = kstrtol
export const kstrtoull = kstrtoul
export const kstrtos8 = within(-0x80, 0x7f)
export const kstrtou8 = within(0, 0xff)
export const kstrtos16 = within(-0x8000, 0x7fff)
export const kstrtou16 = within(0, 0xffff)
export const kstrtos32 = kstrtoint
export const kstrtou32 = kstrtouint
export const kstrtos64 = kstrtol
export const kstrtou64 = kstrtoul

/** `y`, `1`, `on` and `n`, `0`, `off`, by their first letters. */
export function kstrtobool(s: Text, res: ptr<boolean>): number {
  const match = /^(?:([yt1]|on)|([nf0]|of))/i.exec(textOf(s))
  if (!match) return -EINVAL
  res.value = match[1] !== undefined
  return 0
}
/** The number at the beginning of a text, whatever follows; 0 when there is none. */
export function simple_strtoul(s: Text, _endp: unknown, base: number): number {
  const text = textOf(s)
  for (let length = text.length; length > 0; length--) {
    const value = parse(text.slice(0, length), base, false)
    if (value !== null) return value
  }
  return 0
}
export function simple_strtol(s: Text, endp: unknown, base: number): number {
  const text = textOf(s)
  return text.startsWith('-')
    ? -simple_strtoul(text.slice(1), endp, base)
    : simple_strtoul(text, endp, base)
}
