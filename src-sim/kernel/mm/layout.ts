/**
 * Structures as bytes: what a driver copies between one of its structures and an address of a
 * program. Members stand one after the other, numbers with eight bytes each, byte arrays as they
 * are.
 */
const NUMBER_BYTES = 8

type Fields = Record<string, unknown>

const names = (object: object): string[] =>
  Object.keys(object).filter((key) => key.charCodeAt(0) !== 36)

/** Calls `visit` for each member that has bytes, with its place. */
function walk(
  object: object, at: number, visit: (owner: Fields, key: string, at: number, size: number) => void,
): number {
  for (const key of names(object)) {
    const value = (object as Fields)[key]
    if (typeof value === 'number') {
      visit(object as Fields, key, at, NUMBER_BYTES)
      at += NUMBER_BYTES
    } else if (value instanceof Uint8Array) {
      visit(object as Fields, key, at, value.length)
      at += value.length
    } else if (value !== null && typeof value === 'object') at = walk(value, at, visit)
  }
  return at
}

/** The first `count` bytes of a structure. */
export function bytesOfStruct(object: object, count: number): Uint8Array {
  const bytes = new Uint8Array(count)
  const view = new DataView(bytes.buffer)
  walk(object, 0, (owner, key, at, size) => {
    if (at + size > count) return
    const value = owner[key]
    if (value instanceof Uint8Array) bytes.set(value, at)
    else view.setBigUint64(at, BigInt.asUintN(64, BigInt(Math.trunc(value as number))), true)
  })
  return bytes
}

export function structFromBytes(object: object, bytes: Uint8Array): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  walk(object, 0, (owner, key, at, size) => {
    if (at + size > bytes.length) return
    const value = owner[key]
    if (value instanceof Uint8Array) value.set(bytes.subarray(at, at + size))
    else owner[key] = Number(view.getBigUint64(at, true))
  })
}
