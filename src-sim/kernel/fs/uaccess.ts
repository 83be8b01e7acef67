/**
 * Memory of a program as the kernel reaches it. A user pointer is a buffer of bytes, a structure
 * (an object with plain members) or a `ptr`; null and numbers are addresses where nothing is.
 */
const EFAULT = 14

const isPlace = (p: unknown): p is object => p !== null && typeof p === 'object'

/** Copies `count` bytes (or the members of a structure); how much could NOT be copied. */
export function copyUser(to: unknown, from: unknown, count: number): number {
  if (!isPlace(to) || !isPlace(from)) return count
  if (to instanceof Uint8Array && from instanceof Uint8Array) {
    const n = Math.min(count, to.length, from.length)
    to.set(from.subarray(0, n))
    return count - n
  }
  if (to instanceof Uint8Array || from instanceof Uint8Array) return count
  copyMembers(to as Record<string, unknown>, from as Record<string, unknown>)
  return 0
}

function copyMembers(to: Record<string, unknown>, from: Record<string, unknown>): void {
  for (const key of Object.keys(from)) {
    if (key.charCodeAt(0) === 36) continue
    const value = from[key]
    if (typeof value === 'function') continue
    const old = to[key]
    if (isPlace(value) && isPlace(old) && !Array.isArray(value)) {
      if (value instanceof Uint8Array && old instanceof Uint8Array)
        old.set(value.subarray(0, old.length))
      else copyMembers(old as Record<string, unknown>, value as Record<string, unknown>)
    } else to[key] = Array.isArray(value) ? [...(value as unknown[])] : value
  }
}

/** `put_user`: stores a value behind a user pointer. 0 or -EFAULT. */
export function putUser(value: number, to: unknown): number {
  if (!isPlace(to)) return -EFAULT
  if (to instanceof Uint8Array) to[0] = value
  else (to as { value: unknown }).value = value
  return 0
}

/** `get_user`: 0 or -EFAULT. */
export function getUser(out: { value: unknown }, from: unknown): number {
  if (!isPlace(from)) return -EFAULT
  out.value = from instanceof Uint8Array ? from[0]! : (from as { value: unknown }).value
  return 0
}
