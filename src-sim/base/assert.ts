/**
 * The three kinds of trouble are never mixed: a driver's mistake is a finding, a kernel-visible
 * failure is a negative errno, and a mistake of this program is a `SimBug`.
 */
export class SimBug extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'SimBug'
  }
}

/** Stays on in production. Throws `SimBug` when `condition` is false. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new SimBug(message)
}

/** For the end of a `switch` over a closed union. */
export function assertNever(value: never): never {
  throw new SimBug(`unexpected value ${String(value)}`)
}

/** Narrows away `undefined` and `null` where the program guarantees a value. */
export function ensure<T>(value: T | undefined | null, message: string): T {
  if (value === undefined || value === null) throw new SimBug(message)
  return value
}
