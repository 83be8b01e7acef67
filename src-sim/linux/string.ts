import { machine } from '../engine/current'
import { kernelCall, quiet } from '../kernel/api'
import { E2BIG } from '../kernel/errno'
import { mightAlloc } from '../kernel/locking/fs-reclaim'
import { allocate } from '../kernel/mm/slab'
import { vsprintf } from '../kernel/printk/format'
import type { gfp_t } from './types'

/**
 * Texts and bytes: `linux/string`. A text is a JavaScript string, or a buffer that ends at its
 * first zero byte.
 */
export { kmemdup, memcpy, memset } from './slab'

export type Text = string | Uint8Array

/** The characters of a text. */
export const textOf = (s: Text): string => {
  if (typeof s === 'string') return s
  const end = s.indexOf(0)
  let text = ''
  for (const byte of s.subarray(0, end < 0 ? s.length : end)) text += String.fromCharCode(byte)
  return text
}

/** Writes at most `size` bytes, the closing zero included; answers the length of the whole text. */
export function writeText(to: Uint8Array, size: number, text: string): number {
  const room = Math.min(size, to.length) - 1
  if (room < 0) return text.length
  for (let i = 0; i < text.length && i < room; i++) to[i] = text.charCodeAt(i)
  to[Math.min(text.length, room)] = 0
  return text.length
}

export const strlen = quiet((s: Text): number => textOf(s).length)
export const strnlen = quiet((s: Text, max: number): number => Math.min(textOf(s).length, max))
/** Less than, equal to or more than 0, as the texts compare. */
export const strcmp = quiet((a: Text, b: Text): number => compare(textOf(a), textOf(b)))
export const strncmp = quiet((a: Text, b: Text, n: number): number =>
  compare(textOf(a).slice(0, n), textOf(b).slice(0, n)),
)
export const strcasecmp = quiet((a: Text, b: Text): number =>
  compare(textOf(a).toLowerCase(), textOf(b).toLowerCase()),
)
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
/** Whether the texts are equal apart from a line end. */
export const sysfs_streq = quiet(
  (a: Text, b: Text): boolean => textOf(a).replace(/\n$/, '') === textOf(b).replace(/\n$/, ''),
)
/** The text from the first `c` on, or null. */
export const strchr = quiet((s: Text, c: string | number): string | null => from(s, c, false))
/** The text from the last `c` on, or null. */
export const strrchr = quiet((s: Text, c: string | number): string | null => from(s, c, true))
/** The text from the first occurrence of `what` on, or null. */
export const strstr = quiet((s: Text, what: Text): string | null => {
  const text = textOf(s)
  const at = text.indexOf(textOf(what))
  return at < 0 ? null : text.slice(at)
})
function from(s: Text, c: string | number, last: boolean): string | null {
  const text = textOf(s)
  const wanted = typeof c === 'number' ? String.fromCharCode(c) : c
  const at = last ? text.lastIndexOf(wanted) : text.indexOf(wanted)
  return at < 0 ? null : text.slice(at)
}
/** The text without white space at its ends. */
export const strim = quiet((s: Text): string => textOf(s).trim())

/** Copies a text into a buffer of `size` bytes: its length, or -E2BIG when it was cut off. */
export function strscpy(to: Uint8Array, text: Text, size: number = to.length): number {
  const length = writeText(to, size, textOf(text))
  return length >= size ? -E2BIG : length
}
/** As `strscpy`, with zeros behind the text. */
export function strscpy_pad(to: Uint8Array, text: Text, size: number = to.length): number {
  to.fill(0, 0, size)
  return strscpy(to, text, size)
}
/** 0 when the bytes are equal, else negative or positive. */
export const memcmp = quiet((a: Uint8Array, b: Uint8Array, n: number): number => {
  for (let i = 0; i < n; i++) if (a[i] !== b[i]) return a[i]! - b[i]!
  return 0
})
/** As `memcpy` where the two may overlap. */
export function memmove(to: Uint8Array, source: Uint8Array, n: number): Uint8Array {
  to.set(source.slice(0, n))
  return to
}
/** Index of the first byte `c`, or -1. */
export const memchr = quiet((s: Uint8Array, c: number, n: number): number =>
  s.subarray(0, n).indexOf(c & 0xff),
)
/** Overwrites bytes that were secret. */
export function memzero_explicit(s: Uint8Array, n: number): void {
  s.fill(0, 0, n)
}

function duplicate(name: string, text: string, gfp: gfp_t): Uint8Array | null {
  mightAlloc(name, gfp)
  const copy = allocate<Uint8Array>(text.length + 1, true) as Uint8Array | null
  if (copy) writeText(copy, text.length + 1, text)
  return copy
}
/** An allocated copy of a text; null for null, or without memory. Pair: `kfree`. */
export const kstrdup = kernelCall('kstrdup', (s: Text | null, gfp: gfp_t): Uint8Array | null =>
  s === null ? null : duplicate('kstrdup', textOf(s), gfp),
)
export const kstrdup_const = kstrdup
/** As `kstrdup`, at most `max` characters. */
export const kstrndup = kernelCall(
  'kstrndup',
  (s: Text | null, max: number, gfp: gfp_t): Uint8Array | null =>
    s === null ? null : duplicate('kstrndup', textOf(s).slice(0, max), gfp),
)
/** An allocated text made from a C format. Pair: `kfree`. */
export const kasprintf = kernelCall(
  'kasprintf',
  (gfp: gfp_t, format: string, ...args: unknown[]): Uint8Array | null =>
    duplicate('kasprintf', vsprintf(machine(), format, args), gfp),
)

export * from './string/more'
