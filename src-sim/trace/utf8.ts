/** UTF-8 without a host's encoder. Halves of surrogate pairs that stand alone become U+FFFD. */

export function encodeUtf8(text: string): Uint8Array {
  const out = new Uint8Array(text.length * 3)
  let n = 0
  for (let i = 0; i < text.length; i++) {
    let c = text.codePointAt(i)!
    if (c > 0xffff) i++
    else if (c >= 0xd800 && c < 0xe000) c = 0xfffd
    if (c < 0x80) out[n++] = c
    else if (c < 0x800) {
      out[n++] = 0xc0 | (c >> 6)
      out[n++] = 0x80 | (c & 63)
    } else {
      if (c < 0x10000) out[n++] = 0xe0 | (c >> 12)
      else {
        out[n++] = 0xf0 | (c >> 18)
        out[n++] = 0x80 | ((c >> 12) & 63)
      }
      out[n++] = 0x80 | ((c >> 6) & 63)
      out[n++] = 0x80 | (c & 63)
    }
  }
  return out.slice(0, n)
}

/** Reads what `encodeUtf8` wrote; the bytes must be well formed. */
export function decodeUtf8(bytes: Uint8Array): string {
  const parts: string[] = []
  let codes: number[] = []
  for (let i = 0; i < bytes.length; ) {
    const first = bytes[i++]!
    const more = first < 0x80 ? 0 : first < 0xe0 ? 1 : first < 0xf0 ? 2 : 3
    let c = more === 0 ? first : first & (0x3f >> more)
    for (let k = 0; k < more; k++) c = (c << 6) | (bytes[i++]! & 63)
    codes.push(c)
    if (codes.length === 4096) {
      parts.push(String.fromCodePoint(...codes))
      codes = []
    }
  }
  parts.push(String.fromCodePoint(...codes))
  return parts.join('')
}
