import { machine } from '../../../engine/current'
import { call, type Sim } from '../../../engine/suspend'
import { EACCES, EFAULT, EINVAL, ERANGE } from '../../errno'
import { vsprintf } from '../../printk/format'
import type { file, file_operations } from '../file'
import { textOf } from '../sysfs-file'

const NUMBER_MAX = 24

/** A number behind a file: how it is read, written and printed. Either way may be missing. */
export interface SimpleAttribute {
  get: ((data: any, val: { value: number }) => number) | null
  set: ((data: any, val: number) => number) | null
  format: string
  signed?: boolean
}

interface Opened {
  text: string | null
  readonly data: unknown
}

const opened = new WeakMap<file, Opened>()

/** Copies from a text at the reader's place. */
export function readText(
  text: string, buf: Uint8Array, count: number, ppos: { value: number },
): number {
  const part = text.slice(ppos.value, ppos.value + count)
  for (let i = 0; i < part.length; i++) buf[i] = part.charCodeAt(i)
  ppos.value += part.length
  return part.length
}

/** A number as `kstrtoull` (or, signed, `kstrtoll`) with base 0 reads it; a negative errno else. */
function parse(text: string, signed: boolean): { value: number } | number {
  const match = /^([-+]?)(0x[0-9a-f]+|\d+)\n?$/i.exec(text)
  if (!match || (match[1] === '-' && !signed)) return -EINVAL
  const digits = match[2]!
  const octal = /^0\d/.test(digits)
  if (octal && /[89]/.test(digits)) return -EINVAL
  const value = octal ? parseInt(digits, 8) : Number(digits)
  if (value >= (signed ? 2 ** 63 : 2 ** 64)) return -ERANGE
  return { value: match[1] === '-' ? -value : value }
}

/** `simple_attr_open`. */
export function openAttribute(data: unknown, f: file): number {
  opened.set(f, { text: null, data })
  return 0
}

export function* readAttribute(
  attribute: SimpleAttribute, f: file, buf: Uint8Array, count: number, ppos: { value: number },
): Sim<number> {
  const { get } = attribute
  const at = opened.get(f)
  if (!get || !at) return -EACCES
  if (ppos.value === 0 || at.text === null) {
    const val = { value: 0 }
    const error = yield* call(() => get(at.data, val))
    if (error) return error
    at.text = vsprintf(machine(), attribute.format, [val.value])
  }
  return readText(at.text, buf, count, ppos)
}

export function* writeAttribute(
  attribute: SimpleAttribute, f: file, buf: unknown, count: number,
): Sim<number> {
  const { set } = attribute
  const at = opened.get(f)
  if (!set || !at) return -EACCES
  if (typeof buf !== 'string' && !(buf instanceof Uint8Array)) return -EFAULT
  const number = parse(textOf(buf, Math.min(count, NUMBER_MAX - 1)), attribute.signed === true)
  if (typeof number === 'number') return number
  const error = yield* call(() => set(at.data, number.value))
  return error === 0 || error === undefined ? count : error
}

/** The operations of such a file; the inode's private data is what `get` and `set` are given. */
export function attributeFops(attribute: SimpleAttribute): file_operations {
  return {
    open: (node, f) => openAttribute(node.i_private, f),
    read: (f, buf, count, ppos) =>
      readAttribute(attribute, f, buf, count, ppos) as unknown as number,
    write: (f, buf, count) => writeAttribute(attribute, f, buf, count) as unknown as number,
    llseek: (f, offset, whence) => (f.f_pos = whence === 1 ? f.f_pos + offset : offset),
  }
}
