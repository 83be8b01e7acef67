import { quiet } from '../kernel/api'
import { mightSleep } from '../kernel/sched/schedule'
import { copyUser, getUser, putUser } from '../kernel/fs/uaccess'
import type { ptr } from './types'

/** Brought along, as by the C header. */
export * from './errno'
export * from './minmax'
export * from './sched'
export * from './uaccess/more'

/**
 * Memory of user programs: `linux/uaccess`. All of these may fault, so they may sleep. What a
 * program passes as a pointer is a byte buffer, a structure, or a `ptr`.
 */

/** Copies to the kernel; how much could NOT be copied (0 is success). */
export function copy_from_user(to: object, from: unknown, n: number): number {
  mightSleep('copy_from_user')
  return copyUser(to, from, n)
}
/** Copies to the program; how much could NOT be copied (0 is success). */
export function copy_to_user(to: unknown, from: object, n: number): number {
  mightSleep('copy_to_user')
  return copyUser(to, from, n)
}
/** `get_user(x, p)` with x as a `ptr`: 0 or -EFAULT. */
export function get_user(x: ptr<any>, from: unknown): number {
  mightSleep('get_user')
  return getUser(x, from)
}
/** Stores a number behind a user pointer: 0 or -EFAULT. */
export function put_user(x: number, to: unknown): number {
  mightSleep('put_user')
  return putUser(x, to)
}
/** Whether a pointer may belong to the program: null and numbers do not. */
export const access_ok = quiet(function access_ok(p: unknown, _size: number): boolean {
  return p !== null && typeof p === 'object'
})
