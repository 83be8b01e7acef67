import { quiet } from '../kernel/api'
import { markAccess } from '../kernel/locking/access'

/** Marked accesses: `linux/compiler`. They say that a race on this field is intended. */

interface Box<T> {
  value: T
}

/**
 * Reads a field once, as a marked access: `READ_ONCE(dev, 'ready')`. With a single argument, as
 * C writes it (`READ_ONCE(dev.ready)`), the field has been read plainly before the call.
 */
export function READ_ONCE<T extends object, K extends keyof T>(object: T, field: K): T[K]
export function READ_ONCE<V>(value: V): V
export function READ_ONCE(object: unknown, field?: PropertyKey): unknown {
  if (field === undefined) return object
  markAccess(object as object, field, false)
  return (object as Record<PropertyKey, unknown>)[field]
}

/** Writes a field once, as a marked access: `WRITE_ONCE(dev, 'ready', 1)`, or through a `ptr`. */
export function WRITE_ONCE<T extends object, K extends keyof T>(
  object: T,
  field: K,
  value: T[K],
): void
export function WRITE_ONCE<V>(pointer: Box<V>, value: V): void
export function WRITE_ONCE(object: object, field: unknown, ...rest: unknown[]): void {
  if (rest.length === 0) {
    ;(object as Box<unknown>).value = field
    return
  }
  markAccess(object, field as PropertyKey, true)
  ;(object as Record<PropertyKey, unknown>)[field as PropertyKey] = rest[0]
}

/** The value as it is, with a promise that the race is harmless. */
export const data_race = quiet(function data_race<V>(value: V): V {
  return value
})
export const likely = quiet(function likely<V>(value: V): V {
  return value
})
export const unlikely = quiet(function unlikely<V>(value: V): V {
  return value
})
/** Keeps the C compiler from moving accesses; here nothing moves. */
export const barrier = quiet(function barrier(): void {})
