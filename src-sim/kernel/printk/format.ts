import { hidden } from '../../engine/object'
import type { Machine } from '../../engine/machine'
import { ERROR_NAMES } from '../errno'
import { memoryText } from './pointers'
import { symbolOf } from './symbols'

/**
 * The kernel's `vsnprintf`, as far as drivers use it: flags, width, precision, `*`, the integer
 * conversions with their length modifiers, %s %c %%, and the pointer extensions %p %px %pS %ps %pe
 * %pK %pad %ph %pM %pI4 %pR.
 */
export function vsprintf(machine: Machine, format: string, args: readonly unknown[]): string {
  let next = 0
  const take = (): unknown => args[next++]
  const pattern = /%([-+ #0]*)(\d+|\*)?(?:\.(\d+|\*))?(hh|h|ll|l|z|t|j|L|q)?([diouxXcsp%])([A-Za-z0-9]*)/g
  let out = ''
  let from = 0
  for (let m = pattern.exec(format); m; m = pattern.exec(format)) {
    out += format.slice(from, m.index)
    const [, flags = '', widthText, precisionText, length = '', conversion = ''] = m
    let width = widthText === '*' ? Number(take()) : Number(widthText ?? 0)
    const precision =
      precisionText === '*' ? Number(take()) : precisionText === undefined ? -1 : +precisionText
    let left = flags.includes('-')
    if (width < 0) {
      left = true
      width = -width
    }
    let suffix = conversion === 'p' ? pointerExtension(m[6]!) : ''
    const consumed = m[0].length - m[6]!.length + suffix.length
    let text: string
    if (conversion === '%') text = '%'
    else if (conversion === 'c') text = character(take())
    else if (conversion === 's') text = clip(stringOf(take()), precision)
    else if (conversion === 'p') {
      const value = take()
      const memory = memoryText(value, suffix, width)
      if (memory !== null) width = 0
      text = memory ?? pointer(machine, value, suffix)
    }
    else text = integer(take(), conversion, length, flags, precision)
    const zero = flags.includes('0') && !left && precision < 0 && 'diouxX'.includes(conversion)
    out += pad(text, width, left, zero)
    suffix = ''
    from = m.index + consumed
    pattern.lastIndex = from
  }
  return out + format.slice(from)
}

const EXTENSIONS = [
  'ad', 'ap', 'e', 'S', 's', 'x', 'K', 'B', 'f', 'F', 'hC', 'hD', 'hN', 'h', 'M', 'I4', 'R', 'r',
]

function pointerExtension(letters: string): string {
  return EXTENSIONS.find((e) => letters.startsWith(e)) ?? ''
}

function pad(text: string, width: number, left: boolean, zero: boolean): string {
  if (text.length >= width) return text
  if (left) return text.padEnd(width)
  if (!zero) return text.padStart(width)
  const sign = /^[-+ ]?(0[xX])?/.exec(text)![0]
  return sign + text.slice(sign.length).padStart(width - sign.length, '0')
}

const clip = (text: string, precision: number): string =>
  precision < 0 ? text : text.slice(0, precision)

function character(value: unknown): string {
  return typeof value === 'number' ? String.fromCharCode(value & 0xff) : String(value ?? '')
}

function stringOf(value: unknown): string {
  if (value === null || value === undefined) return '(null)'
  if (value instanceof Uint8Array) {
    const end = value.indexOf(0)
    let text = ''
    for (const byte of value.subarray(0, end < 0 ? value.length : end))
      text += String.fromCharCode(byte)
    return text
  }
  return String(value)
}

function integer(
  value: unknown,
  conversion: string,
  length: string,
  flags: string,
  precision: number,
): string {
  let n = wholeOf(numberOf(value))
  const bits = length === 'hh' ? 8 : length === 'h' ? 16 : length === '' ? 32 : 64
  const signed = conversion === 'd' || conversion === 'i'
  n = signed ? BigInt.asIntN(bits, n) : BigInt.asUintN(bits, n)
  const base = conversion === 'o' ? 8 : conversion === 'x' || conversion === 'X' ? 16 : 10
  const negative = n < 0n
  let digits = (negative ? -n : n).toString(base)
  if (precision >= 0) digits = digits.padStart(precision, '0')
  if (flags.includes('#') && base === 16 && n !== 0n) digits = `0x${digits}`
  if (flags.includes('#') && base === 8 && !digits.startsWith('0')) digits = `0${digits}`
  if (conversion === 'X') digits = digits.toUpperCase()
  const sign = negative ? '-' : signed && flags.includes('+') ? '+' : signed && flags.includes(' ') ? ' ' : ''
  return sign + digits
}

/** Booleans, `ptr`-like boxes, distinguished 64-bit values and error pointers all print as numbers. */
function numberOf(value: unknown): number {
  if (typeof value === 'number') return value
  if (typeof value === 'boolean') return value ? 1 : 0
  if (typeof value === 'bigint') return Number(value)
  if (value === null || value === undefined) return 0
  if (typeof value === 'object') {
    const box = value as { value?: unknown; errno?: number }
    if (typeof box.errno === 'number') return box.errno
    if (typeof box.value === 'number') return box.value
  }
  return Number(value) || 0
}

/** A mask of 64 bits is infinite here; what is no number counts as 0. */
const wholeOf = (n: number): bigint =>
  n >= 2 ** 64 ? (1n << 64n) - 1n : BigInt(Number.isNaN(n) || n === -Infinity ? 0 : Math.trunc(n))

function pointer(machine: Machine, value: unknown, extension: string): string {
  if (extension === 'S' || extension === 's' || extension === 'B')
    return symbolOf(machine, value, extension !== 's')
  if (extension === 'e') return typeof value === 'number' ? `${value}` : errorName(value)
  if (extension === 'ad' || extension === 'ap') return `0x${hex16(numberOf(value))}`
  if (value === null || value === undefined) return '0000000000000000'
  if (typeof value === 'number') return hex16(value)
  return hex16(addressOf(machine, value as object))
}

function errorName(value: unknown): string {
  const errno = (value as { errno?: number } | null)?.errno
  if (errno === undefined) return String(value)
  const name = ERROR_NAMES[-errno]
  return name === undefined ? `${errno}` : `-${name}`
}

export const hex16 = (n: number): string =>
  BigInt.asUintN(64, wholeOf(n)).toString(16).padStart(16, '0')

/** A made-up but stable kernel address for objects that have no bytes of their own. */
export function addressOf(machine: Machine, object: object): number {
  const address = (hidden(object) as { $address?: number }).$address
  if (address !== undefined) return address
  return 0x8880_0000_0000 + machine.idOf(object) * 0x40
}
