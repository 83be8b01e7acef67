import { quiet } from '../kernel/api'
import { error_pointer, errPtr, isErr, ptrErr } from '../kernel/err'

export { error_pointer }

/** Brought along, as by the C header. */
export * from './errno'

/** Error pointers: `linux/err`. */

/** An error number in the place of a pointer, e.g. `ERR_PTR(-ENOMEM)`. Test with `IS_ERR`. */
export const ERR_PTR = quiet(function ERR_PTR<T = never>(error: number): T {
  return errPtr<T>(error)
})

/** The (negative) error number inside an error pointer. */
export const PTR_ERR = quiet(function PTR_ERR(pointer: unknown): number {
  return ptrErr(pointer)
})

export const IS_ERR = quiet(function IS_ERR(pointer: unknown): boolean {
  return isErr(pointer)
})

export const IS_ERR_OR_NULL = quiet(function IS_ERR_OR_NULL(pointer: unknown): boolean {
  return pointer === null || pointer === undefined || isErr(pointer)
})

/** The error of an error pointer, 0 for a good one. */
export const PTR_ERR_OR_ZERO = quiet(function PTR_ERR_OR_ZERO(pointer: unknown): number {
  return PTR_ERR(pointer)
})

export const ERR_CAST = quiet(function ERR_CAST<T = never>(pointer: unknown): T {
  return pointer as T
})

/** Whether a number is an error number in the place of an address or count. */
export const IS_ERR_VALUE = quiet((x: number): boolean => x < 0 && x >= -4095)

/** Error numbers go up to here. */
export const MAX_ERRNO = 4095
