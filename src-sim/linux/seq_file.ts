import { machine } from '../engine/current'
import { kernelCall, quiet } from '../kernel/api'
import { modules } from '../kernel/base/module'
import type { file, file_operations } from '../kernel/fs/file'
import * as s from '../kernel/fs/seq-file'
import { seq_file, SEQ_START_TOKEN, type seq_operations } from '../kernel/fs/seq-file'
import type { list_head } from '../kernel/locking/list'
import { allocate, slab } from '../kernel/mm/slab'
import { vsprintf } from '../kernel/printk/format'
import { ENOMEM } from './errno'
import type { inode } from './fs'
import { textOf, type Text } from './string'
import type { ptr } from './types'

/** Brought along, as by the C header. */
export * from './fs'
export * from './mutex'
export * from './string'
export * from './types'

/**
 * Files whose text is made record by record: `linux/seq_file`. `show` prints a record; it is
 * called again when the buffer was too small, so it must only print.
 */
export { seq_file, SEQ_SKIP, SEQ_START_TOKEN, type seq_operations } from '../kernel/fs/seq-file'

/** For `open`: 0 or -ENOMEM; the seq_file is then the file's `private_data`. Pair: `seq_release`. */
export const seq_open = kernelCall('seq_open', (f: file, op: seq_operations) => s.seqOpen(f, op))
/** For `read`: bytes, 0 at the end, or -errno. May sleep. */
export const seq_read = kernelCall(
  'seq_read',
  (f: file, buf: Uint8Array, size: number, ppos: ptr<number>) => s.seqRead(f, buf, size, ppos),
)
/** For `llseek`. May sleep. */
export const seq_lseek = kernelCall(
  'seq_lseek',
  (f: file, offset: number, whence: number) => s.seqSeek(f, offset, whence),
)
/** For `release`. */
export function seq_release(_inode: inode, f: file): number {
  return s.seqRelease(f)
}

const printOnce = (show: (m: seq_file, v: any) => number): seq_operations => ({
  start: (_m, pos) => (pos.value ? null : SEQ_START_TOKEN),
  next: (_m, _v, pos) => {
    pos.value++
    return null
  },
  stop: () => {},
  show,
})

/** For the `open` of a file with one record, which `show` prints; `data` is `m.private`. */
export const single_open = kernelCall(
  'single_open',
  (f: file, show: (m: seq_file, v: any) => number, data: any): number => {
    const ret = s.seqOpen(f, printOnce(show))
    if (ret === 0) (f.private_data as seq_file).private = data
    return ret
  },
)
/** As `single_open`, for a text of about `size` bytes. */
export const single_open_size = kernelCall(
  'single_open_size',
  (f: file, show: (m: seq_file, v: any) => number, data: any, size: number): number => {
    const ret = single_open(f, show, data)
    if (ret !== 0) return ret
    const m = f.private_data as seq_file
    m.size = size
    m.buf = new Uint8Array(size)
    return 0
  },
)
/** For `release`, with `single_open`. */
export function single_release(_inode: inode, f: file): number {
  return s.seqRelease(f)
}
/** `seq_open` with a structure of its own in `m.private`: that structure, or null. */
export const __seq_open_private = kernelCall(
  '__seq_open_private',
  <T extends object>(f: file, ops: seq_operations, what: (new () => T) | number): T | null => {
    const own = allocate<T>(what, true)
    if (own === null) return null
    if (s.seqOpen(f, ops) < 0) {
      slab(machine()).free(own)
      return null
    }
    ;(f.private_data as seq_file).private = own
    return own
  },
)
/** The same as an error number. Pair: `seq_release_private`. */
export const seq_open_private = kernelCall(
  'seq_open_private',
  (f: file, ops: seq_operations, what: (new () => object) | number): number =>
    __seq_open_private(f, ops, what) ? 0 : -ENOMEM,
)
/** For `release`, with `seq_open_private`: frees the structure too. */
export function seq_release_private(_inode: inode, f: file): number {
  const { private: own } = f.private_data as seq_file
  if (own) slab(machine()).free(own)
  return s.seqRelease(f)
}

/** Prints into the file. What does not fit makes the core call `show` again. */
export function seq_printf(m: seq_file, format: string, ...args: unknown[]): void {
  s.appendText(m, vsprintf(machine(), format, args))
}
export function seq_puts(m: seq_file, text: Text): void {
  s.appendText(m, textOf(text))
}
export function seq_putc(m: seq_file, c: string | number): void {
  if (m.count >= m.size) return
  m.buf![m.count++] = typeof c === 'string' ? c.charCodeAt(0) : c
}
/** Appends bytes: 0, or -1 when they do not fit. */
export function seq_write(m: seq_file, data: Uint8Array | string, len: number): number {
  if (m.count + len >= m.size) {
    m.count = m.size
    return -1
  }
  for (let i = 0; i < len; i++)
    m.buf![m.count + i] = typeof data === 'string' ? data.charCodeAt(i) : data[i]!
  m.count += len
  return 0
}
export const seq_has_overflowed = quiet((m: seq_file): boolean => s.hasOverflowed(m))
/** The next field shall take `size` characters: see `seq_pad`. */
export function seq_setwidth(m: seq_file, size: number): void {
  m.pad_until = m.count + size
}
/** Fills up to the width with blanks; `c` (unless 0) comes behind them. */
export function seq_pad(m: seq_file, c: string | number): void {
  const blanks = m.pad_until - m.count
  if (blanks > 0) {
    if (m.count + blanks >= m.size) {
      m.count = m.size
      return
    }
    for (let i = 0; i < blanks; i++) m.buf![m.count++] = 0x20
  }
  if (c) seq_putc(m, c)
}
export function seq_put_decimal_ull(m: seq_file, delimiter: string, n: number): void {
  s.appendText(m, `${delimiter}${n}`)
}
export const seq_put_decimal_ll = seq_put_decimal_ull
/** Hexadecimal digits without 0x, at least `width` of them. */
export function seq_put_hex_ll(m: seq_file, delimiter: string, v: number, width: number): void {
  s.appendText(m, delimiter + v.toString(16).padStart(width, '0'))
}

/** For `start`: the entry at place `pos` of a list, or null. */
export function seq_list_start(head: list_head, pos: number): list_head | null {
  for (let at = head.next!; at !== head; at = at.next!) if (pos-- === 0) return at
  return null
}
/** As `seq_list_start`, with the head itself as the first. */
export function seq_list_start_head(head: list_head, pos: number): list_head | null {
  return pos === 0 ? head : seq_list_start(head, pos - 1)
}
/** For `next`. */
export function seq_list_next(v: list_head, head: list_head, ppos: ptr<number>): list_head | null {
  ppos.value++
  return v.next === head ? null : v.next
}

const owner = () => modules(machine()).current

/** `const x_fops = DEFINE_SHOW_ATTRIBUTE('x', x_show)`: `m.private` is the inode's private data. */
export function DEFINE_SHOW_ATTRIBUTE(
  _name: string, show: (m: seq_file, v: any) => number,
): file_operations {
  return {
    owner: owner(),
    open: (node, f) => single_open(f, show, node.i_private),
    read: seq_read,
    llseek: seq_lseek,
    release: single_release,
  }
}
/** As `DEFINE_SHOW_ATTRIBUTE`, with a `write` function. */
export function DEFINE_SHOW_STORE_ATTRIBUTE(
  name: string,
  show: (m: seq_file, v: any) => number,
  write: NonNullable<file_operations['write']>,
): file_operations {
  return { ...DEFINE_SHOW_ATTRIBUTE(name, show), write }
}
/** `const x_fops = DEFINE_SEQ_ATTRIBUTE('x', x_sops)`: `m.private` is the inode's private data. */
export function DEFINE_SEQ_ATTRIBUTE(_name: string, sops: seq_operations): file_operations {
  return {
    owner: owner(),
    open: (node, f) => {
      const ret = seq_open(f, sops)
      if (!ret && node.i_private) (f.private_data as seq_file).private = node.i_private
      return ret
    },
    read: seq_read,
    llseek: seq_lseek,
    release: seq_release,
  }
}
