import type { Sim } from '../../engine/suspend'
import { errorName } from '../errno'

/**
 * `kernel::error::Error`. A function whose Rust signature says `Result<T>` answers a `T` or throws
 * one of these: what is `?` in Rust is not written at all here.
 */
export class KernelError {
  /** @internal */
  readonly $errno: number

  constructor(errorNumber: number) {
    this.$errno = -Math.abs(errorNumber)
  }

  /** The negative number that C would have answered. */
  to_errno(): number {
    return this.$errno
  }

  static from_errno(errorNumber: number): KernelError {
    return new KernelError(errorNumber)
  }

  toString(): string {
    return errorName(-this.$errno)
  }
}

/** `to_result`: throws when a C function has answered an error. */
export function toResult(ret: number): number {
  if (ret < 0) throw new KernelError(ret)
  return ret
}

/**
 * Runs what answers a `Result`, as a C callback does: an error becomes a negative number, a number
 * is the answer, anything else is success. Other exceptions are the lab's own trouble.
 */
export function* asErrno(body: Sim<unknown>): Sim<number> {
  try {
    const answer = yield* body
    return typeof answer === 'number' ? answer : 0
  } catch (thrown) {
    if (thrown instanceof KernelError) return thrown.to_errno()
    throw thrown
  }
}
