import { machine } from '../engine/current'
import { vsprintf } from '../kernel/printk/format'
import { writeText } from './string'

/** Texts from C formats: `linux/sprintf`. */

/** Writes into a buffer of `size` bytes; answers how long the text would have been. */
export function snprintf(
  buf: Uint8Array,
  size: number,
  format: string,
  ...args: unknown[]
): number {
  return writeText(buf, size, vsprintf(machine(), format, args))
}
/** As `snprintf`; answers how many characters are in the buffer. */
export function scnprintf(
  buf: Uint8Array,
  size: number,
  format: string,
  ...args: unknown[]
): number {
  const length = writeText(buf, size, vsprintf(machine(), format, args))
  return Math.max(0, Math.min(length, size - 1))
}
/** Writes a text of any length: the buffer must be large enough. */
export function sprintf(buf: Uint8Array, format: string, ...args: unknown[]): number {
  return writeText(buf, buf.length, vsprintf(machine(), format, args))
}
export { kasprintf } from './string'
