import { machine } from '../../engine/current'
import { copyUser, getUser, putUser } from '../../kernel/fs/uaccess'
import { allocate, slab } from '../../kernel/mm/slab'
import { mightSleep } from '../../kernel/sched/schedule'
import { E2BIG, EFAULT, ENOMEM } from '../errno'
import { ERR_PTR } from '../err'
import type { ptr } from '../types'

/** Less common ways to reach a program's memory. Part of `linux/uaccess`. */

function bytesOf(p: unknown): Uint8Array | null {
  if (p instanceof Uint8Array) return p
  return typeof p === 'string' ? Uint8Array.from(`${p}\0`, (c) => c.charCodeAt(0)) : null
}

/** Without the check of `access_ok`. */
export function __copy_from_user(to: object, from: unknown, n: number): number {
  return copyUser(to, from, n)
}
export function __copy_to_user(to: unknown, from: object, n: number): number {
  return copyUser(to, from, n)
}
export function __get_user(x: ptr<any>, from: unknown): number {
  return getUser(x, from)
}
export function __put_user(x: number, to: unknown): number {
  return putUser(x, to)
}
/** Fails instead of sleeping: 0 or -EFAULT. Any context. */
export function copy_from_user_nofault(to: object, from: unknown, n: number): number {
  return copyUser(to, from, n) ? -EFAULT : 0
}
/** Zeroes a program's memory; how much could NOT be. */
export function clear_user(to: unknown, n: number): number {
  mightSleep('clear_user')
  if (!(to instanceof Uint8Array)) return n
  const done = Math.min(n, to.length)
  to.fill(0, 0, done)
  return n - done
}
/** Copies a text with its end; its length (`count` when it is longer), or -EFAULT. */
export function strncpy_from_user(to: Uint8Array, from: unknown, count: number): number {
  mightSleep('strncpy_from_user')
  const bytes = bytesOf(from)
  if (!bytes) return -EFAULT
  const end = bytes.indexOf(0)
  const length = Math.min(end < 0 ? bytes.length : end, count)
  to.set(bytes.subarray(0, length))
  if (length < count) to[length] = 0
  return length
}
/** Length of a text with its end, more than `n` when it is longer, 0 on a fault. */
export function strnlen_user(text: unknown, n: number): number {
  mightSleep('strnlen_user')
  const bytes = bytesOf(text)
  if (!bytes) return 0
  const end = bytes.indexOf(0)
  return Math.min((end < 0 ? bytes.length : end) + 1, n + 1)
}
/**
 * Copies a structure that may have grown: what the program knows more of must be zero. 0, -E2BIG
 * or -EFAULT.
 */
export function copy_struct_from_user(
  to: Uint8Array, ksize: number, from: unknown, usize: number,
): number {
  mightSleep('copy_struct_from_user')
  if (!(from instanceof Uint8Array) || from.length < usize) return -EFAULT
  if (from.subarray(ksize, usize).some((byte) => byte !== 0)) return -E2BIG
  const known = Math.min(ksize, usize)
  to.fill(0, known, ksize)
  to.set(from.subarray(0, known))
  return 0
}

function duplicate(from: unknown, length: number, extra: number): Uint8Array {
  mightSleep('memdup_user')
  const copy = allocate<Uint8Array>(length + extra, true)
  if (!copy) return ERR_PTR<Uint8Array>(-ENOMEM)
  const bytes = bytesOf(from)
  if (bytes && bytes.length >= length) {
    copy.set(bytes.subarray(0, length))
    return copy
  }
  slab(machine()).free(copy)
  return ERR_PTR<Uint8Array>(-EFAULT)
}
/** A kernel copy of a program's bytes, to be freed with `kfree`; or an error pointer. */
export function memdup_user(src: unknown, len: number): Uint8Array {
  return duplicate(src, len, 0)
}
export const vmemdup_user = memdup_user
/** The same with a zero behind it. */
export function memdup_user_nul(src: unknown, len: number): Uint8Array {
  return duplicate(src, len, 1)
}
/** A kernel copy of a program's text of at most `n - 1` characters; or an error pointer. */
export function strndup_user(s: unknown, n: number): Uint8Array {
  const length = strnlen_user(s, n)
  if (length === 0) return ERR_PTR<Uint8Array>(-EFAULT)
  return length > n ? ERR_PTR<Uint8Array>(-22) : duplicate(s, length, 0)
}
