import { kernelCall, quiet } from '../kernel/api'
import { mightFault } from '../kernel/mm/might-fault'
import { pagefaultDisable, pagefaultEnable, pagefaultsOff } from '../kernel/mm/pagefault'
import { accessOk, copyUser, getUser, putUser } from '../kernel/mm/uaccess'
import type { ptr } from './types'

/** Brought along, as by the C header. */
export * from './errno'
export * from './minmax'
export * from './sched'
export * from './uaccess/kernel'
export * from './uaccess/more'

/**
 * Memory of user programs: `linux/uaccess`. All of these may fault, so they may sleep. What a
 * program passes as a pointer is an address of memory it has mapped, a byte buffer, a structure, or
 * a `ptr`.
 */

/** Copies to the kernel; how much could NOT be copied (0 is success), and is zero there. */
export const copy_from_user = kernelCall(
  'copy_from_user',
  (to: object, from: unknown, n: number) => {
    mightFault('copy_from_user')
    return copyUser(to, from, n)
  },
)
/** Copies to the program; how much could NOT be copied (0 is success). */
export const copy_to_user = kernelCall('copy_to_user', (to: unknown, from: object, n: number) => {
  mightFault('copy_to_user')
  return copyUser(to, from, n)
})
/**
 * `get_user(x, p)` with x as a `ptr`: 0 or -EFAULT. For an address, `size` is that of the type
 * behind it.
 */
export const get_user = kernelCall('get_user', (x: ptr<any>, from: unknown, size: number = 4) => {
  mightFault('get_user')
  return getUser(x, from, size)
})
/** Stores a number behind a user pointer: 0 or -EFAULT. */
export const put_user = kernelCall('put_user', (x: number, to: unknown, size: number = 4) => {
  mightFault('put_user')
  return putUser(x, to, size)
})
/** Whether a pointer may belong to the program: null and addresses of the kernel do not. */
export const access_ok = quiet(function access_ok(p: unknown, size: number): boolean {
  return accessOk(p, size)
})

/** Until the end, accesses fail with -EFAULT where they would have to wait for a page. */
export const pagefault_disable = quiet(pagefaultDisable)
export const pagefault_enable = quiet(pagefaultEnable)
export const pagefault_disabled = quiet(pagefaultsOff)
export const might_fault = kernelCall('might_fault', () => mightFault('might_fault'))
