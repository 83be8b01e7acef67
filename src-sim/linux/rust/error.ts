import * as errno from '../../kernel/errno'
import { KernelError } from '../../kernel/rust/error'

/**
 * Errors: `rust/error`. Where Rust answers a `Result<T>`, these functions answer the `T` or throw a
 * `KernelError`; the `?` of Rust is not written at all. A callback that throws one has failed with
 * that number.
 */
export { KernelError } from '../../kernel/rust/error'

/** Throws the error of a negative number, as `to_result(ret)?`. */
export { toResult as to_result } from '../../kernel/rust/error'

type Code = { readonly [Name in Exclude<keyof typeof errno, 'errorName'>]: KernelError }

/** The errors by name: `throw code.EINVAL`. */
export const code = Object.fromEntries(
  Object.entries(errno)
    .filter(([, value]) => typeof value === 'number')
    .map(([name, value]) => [name, new KernelError(value as number)]),
) as Code
