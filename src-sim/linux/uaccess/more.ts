import { machine } from '../../engine/current'
import type { Sim } from '../../engine/suspend'
import { kernelCall } from '../../kernel/api'
import { copyUser, getUser, putUser } from '../../kernel/mm/uaccess'
import { currentMm } from '../../kernel/mm/current-mm'
import { mightFault } from '../../kernel/mm/might-fault'
import { pagefaultDisable, pagefaultEnable } from '../../kernel/mm/pagefault'
import { readMemory } from '../../kernel/mm/user-access'
import { textAt, userBytes } from '../../kernel/mm/user-text'
import { allocate, slab } from '../../kernel/mm/slab'
import { E2BIG, EFAULT, EINVAL, ENOMEM } from '../errno'
import { ERR_PTR } from '../err'
import type { ptr } from '../types'

/** Less common ways to reach a program's memory. Part of `linux/uaccess`. */

/** Without the check of `access_ok`. */
export const __copy_from_user = kernelCall(
  '__copy_from_user',
  (to: object, from: unknown, n: number) => {
    mightFault('__copy_from_user')
    return copyUser(to, from, n)
  },
)
export const __copy_to_user = kernelCall('__copy_to_user', (to: unknown, from: object, n: number) => {
  mightFault('__copy_to_user')
  return copyUser(to, from, n)
})
export const __copy_from_user_inatomic = kernelCall(
  '__copy_from_user_inatomic',
  (to: object, from: unknown, n: number) => copyUser(to, from, n),
)
export const __copy_to_user_inatomic = kernelCall(
  '__copy_to_user_inatomic',
  (to: unknown, from: object, n: number) => copyUser(to, from, n),
)
export const __get_user = kernelCall('__get_user', (x: ptr<any>, from: unknown, size: number = 4) => {
  mightFault('__get_user')
  return getUser(x, from, size)
})
export const __put_user = kernelCall('__put_user', (x: number, to: unknown, size: number = 4) => {
  mightFault('__put_user')
  return putUser(x, to, size)
})

function noFault(to: unknown, from: unknown, n: number): number {
  pagefaultDisable()
  const left = copyUser(to, from, n)
  pagefaultEnable()
  return left ? -EFAULT : 0
}
/** Fails instead of sleeping: 0 or -EFAULT. Any context. */
export function copy_from_user_nofault(to: object, from: unknown, n: number): number {
  return noFault(to, from, n)
}
export function copy_to_user_nofault(to: unknown, from: object, n: number): number {
  return noFault(to, from, n)
}
/** Faults pages in for a later copy that must not; how many bytes could NOT be. May sleep. */
export const fault_in_readable = kernelCall(
  'fault_in_readable',
  function* (address: number, size: number): Sim<number> {
    const mm = currentMm()
    return mm ? size - (yield* readMemory(mm, address, new Uint8Array(size))).done : size
  },
)

/** Zeroes a program's memory; how much could NOT be. */
export const clear_user = kernelCall('clear_user', (to: unknown, n: number) => {
  mightFault('clear_user')
  return copyUser(to, new Uint8Array(n), n)
})

/** Copies a text with its end; its length (`count` when it is longer), or -EFAULT. */
export const strncpy_from_user = kernelCall(
  'strncpy_from_user',
  function* (to: Uint8Array, from: unknown, count: number): Sim<number> {
    mightFault('strncpy_from_user')
    const bytes = yield* textAt(from, count)
    if (!bytes) return -EFAULT
    const end = bytes.indexOf(0)
    const length = Math.min(end < 0 ? bytes.length : end, count)
    to.set(bytes.subarray(0, length))
    if (length < count) to[length] = 0
    return length
  },
)

function* lengthOf(text: unknown, n: number): Sim<number> {
  const bytes = yield* textAt(text, n + 1)
  if (!bytes) return 0
  const end = bytes.indexOf(0)
  return Math.min((end < 0 ? bytes.length : end) + 1, n + 1)
}
/** Length of a text with its end, more than `n` when it is longer, 0 on a fault. */
export const strnlen_user = kernelCall(
  'strnlen_user',
  function* (text: unknown, n: number): Sim<number> {
    mightFault('strnlen_user')
    return yield* lengthOf(text, n)
  },
)

/** All of a program's bytes, or null. */
function* bytesAt(from: unknown, length: number): Sim<Uint8Array | null> {
  if (typeof from === 'number') {
    const mm = currentMm()
    const bytes = new Uint8Array(length)
    return mm && !(yield* readMemory(mm, from, bytes)).failed ? bytes : null
  }
  const bytes = userBytes(from)
  return bytes && bytes.length >= length ? bytes : null
}

/**
 * Copies a structure that may have grown: what the program knows more of must be zero. 0, -E2BIG
 * or -EFAULT.
 */
export const copy_struct_from_user = kernelCall(
  'copy_struct_from_user',
  function* (to: Uint8Array, ksize: number, from: unknown, usize: number): Sim<number> {
    mightFault('copy_struct_from_user')
    const bytes = yield* bytesAt(from, usize)
    if (bytes === null) return -EFAULT
    if (bytes.subarray(ksize, usize).some((byte) => byte !== 0)) return -E2BIG
    const known = Math.min(ksize, usize)
    to.fill(0, known, ksize)
    to.set(bytes.subarray(0, known))
    return 0
  },
)

function* duplicate(from: unknown, length: number, extra: number): Sim<Uint8Array> {
  mightFault('memdup_user')
  const copy = allocate<Uint8Array>(length + extra, true)
  if (!copy) return ERR_PTR<Uint8Array>(-ENOMEM)
  const bytes = yield* bytesAt(from, length)
  if (bytes !== null) {
    copy.set(bytes.subarray(0, length))
    return copy
  }
  slab(machine()).free(copy)
  return ERR_PTR<Uint8Array>(-EFAULT)
}
/** A kernel copy of a program's bytes, to be freed with `kfree`; or an error pointer. */
export const memdup_user = kernelCall('memdup_user', (src: unknown, len: number) =>
  duplicate(src, len, 0),
)
export const vmemdup_user = memdup_user
/** The same with a zero behind it. */
export const memdup_user_nul = kernelCall('memdup_user_nul', (src: unknown, len: number) =>
  duplicate(src, len, 1),
)
/** A kernel copy of a program's text of at most `n - 1` characters; or an error pointer. */
export const strndup_user = kernelCall(
  'strndup_user',
  function* (s: unknown, n: number): Sim<Uint8Array> {
    const length = yield* lengthOf(s, n)
    if (length === 0) return ERR_PTR<Uint8Array>(-EFAULT)
    return length > n ? ERR_PTR<Uint8Array>(-EINVAL) : yield* duplicate(s, length, 0)
  },
)
