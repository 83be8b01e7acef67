import { printkText } from '../../kernel/printk/printk'

/** Bytes in rows. Part of `linux/printk`. */

export const DUMP_PREFIX_NONE = 0
export const DUMP_PREFIX_ADDRESS = 1
export const DUMP_PREFIX_OFFSET = 2

const hex = (n: number, digits: number): string => n.toString(16).padStart(digits, '0')
const printable = (byte: number): string =>
  byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.'

/** A row as the kernel lays it out: groups of bytes, lowest last, then the characters. */
function row(bytes: Uint8Array, rowsize: number, groupsize: number, ascii: boolean): string {
  const groups: string[] = []
  for (let i = 0; i < bytes.length; i += groupsize)
    groups.push([...bytes.subarray(i, i + groupsize)].reverse().map((b) => hex(b, 2)).join(''))
  const text = groups.join(' ')
  if (!ascii) return text
  const width = (rowsize / groupsize) * (groupsize * 2 + 1)
  return text.padEnd(width) + ' ' + [...bytes].map(printable).join('')
}

/** Prints `len` bytes of a buffer, `rowsize` (16 or 32) in a line, in groups of 1, 2, 4 or 8. */
export function print_hex_dump(
  level: string, prefix_str: string, prefix_type: number, rowsize: number, groupsize: number,
  buf: Uint8Array, len: number, ascii: boolean,
): void {
  const size = rowsize === 32 ? 32 : 16
  for (let at = 0; at < len; at += size) {
    const bytes = buf.subarray(at, Math.min(at + size, len))
    const group = len % groupsize === 0 ? groupsize : 1
    const line = row(bytes, size, group, ascii)
    const where = prefix_type === DUMP_PREFIX_NONE ? '' : `${hex(at, 8)}: `
    printkText(`${level}%s\n`, [prefix_str + where + line])
  }
}

/** As `print_hex_dump` at debug level with characters. */
export function print_hex_dump_bytes(
  prefix_str: string, prefix_type: number, buf: Uint8Array, len: number,
): void {
  print_hex_dump('\u00017', prefix_str, prefix_type, 16, 1, buf, len, true)
}
