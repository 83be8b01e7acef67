import { quiet } from '../../kernel/api'
import { textOf, writeText, type Text } from '../string'

/** Older and rarer functions about texts. Part of `linux/string`. */

/** Copies a text with its closing zero; answers `to`. `strscpy` cannot overrun. */
export function strcpy(to: Uint8Array, text: Text): Uint8Array {
  writeText(to, to.length, textOf(text))
  return to
}
/** Copies `n` bytes, zeros behind a shorter text, no zero behind a longer one; answers `to`. */
export function strncpy(to: Uint8Array, text: Text, n: number): Uint8Array {
  const from = textOf(text)
  for (let i = 0; i < n && i < to.length; i++) to[i] = i < from.length ? from.charCodeAt(i) : 0
  return to
}
/** Appends a text; answers `to`. */
export function strcat(to: Uint8Array, text: Text): Uint8Array {
  return strcpy(to, textOf(to) + textOf(text))
}
/** Appends at most `n` characters; answers `to`. */
export function strncat(to: Uint8Array, text: Text, n: number): Uint8Array {
  return strcpy(to, textOf(to) + textOf(text).slice(0, n))
}
/** Appends a text within `size` bytes; answers the length that it would have without a limit. */
export function strlcat(to: Uint8Array, text: Text, size: number): number {
  const whole = textOf(to) + textOf(text)
  writeText(to, size, whole)
  return whole.length
}
export const strncasecmp = quiet((a: Text, b: Text, n: number): number => {
  const [x, y] = [a, b].map((s) => textOf(s).slice(0, n).toLowerCase()) as [string, string]
  return x < y ? -1 : x > y ? 1 : 0
})
/** The text from the first occurrence of `what` within its first `n` characters, or null. */
export const strnstr = quiet((s: Text, what: Text, n: number): string | null => {
  const text = textOf(s).slice(0, n)
  const at = text.indexOf(textOf(what))
  return at < 0 ? null : text.slice(at)
})
/** How long the prefix is when the text begins with it, else 0. */
export const str_has_prefix = quiet((s: Text, prefix: Text): number =>
  textOf(s).startsWith(textOf(prefix)) ? textOf(prefix).length : 0,
)
/** How many characters at the beginning are all in `accept`. */
export const strspn = quiet((s: Text, accept: Text): number => run(s, accept, true))
/** How many characters at the beginning are not in `reject`. */
export const strcspn = quiet((s: Text, reject: Text): number => run(s, reject, false))
function run(s: Text, set: Text, wanted: boolean): number {
  const text = textOf(s)
  const members = textOf(set)
  let n = 0
  while (n < text.length && members.includes(text[n]!) === wanted) n++
  return n
}
/** The text from its first character that is in `accept`, or null. */
export const strpbrk = quiet((s: Text, accept: Text): string | null => {
  const n = run(s, accept, false)
  return n === textOf(s).length ? null : textOf(s).slice(n)
})
/** The text without the white space in front. */
export const skip_spaces = quiet((s: Text): string => textOf(s).trimStart())
/** Replaces each `old` in a buffer; answers it. */
export function strreplace(s: Uint8Array, old: string, by: string): Uint8Array {
  const length = textOf(s).length
  for (let i = 0; i < length; i++) if (s[i] === old.charCodeAt(0)) s[i] = by.charCodeAt(0)
  return s
}
/** What comes behind the last slash. */
export const kbasename = quiet((path: Text): string => textOf(path).split('/').pop()!)
/** The index of a text in a list, or -EINVAL. */
export const match_string = quiet((list: readonly Text[], n: number, s: Text): number => {
  const at = list.slice(0, n).findIndex((one) => textOf(one) === textOf(s))
  return at < 0 ? -22 : at
})
