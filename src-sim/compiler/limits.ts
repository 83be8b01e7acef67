/** The most memory that one native call may ask for. */
export const ALLOCATION_LIMIT_BYTES = 64 * 1024 * 1024

type Any = (...args: any[]) => any
type Size = (self: any, args: any[]) => number

/** An array element as the host stores it. */
const SLOT_BYTES = 8
/** Strings hold at most two bytes a character. */
const CHARACTER_BYTES = 2

const TYPED = [
  Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array,
  BigInt64Array, BigUint64Array,
]

const elements = (value: any): number =>
  typeof value === 'number' ? value : Number(value?.length ?? value?.size ?? 0)

const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null

const isCount = (args: unknown[]): args is [number] =>
  args.length === 1 && typeof args[0] === 'number'

const text = (length: unknown): number => Number(length) * CHARACTER_BYTES

const joined: Size = (self, [separator]) => {
  const between = separator === undefined ? 1 : String(separator).length
  return text(between * elements(self))
}

/** Constructors, called with or without `new`. */
export const MAKERS: [Any, Size][] = [
  [Array, (_self, args) => (isCount(args) ? args[0] * SLOT_BYTES : 0)],
  [ArrayBuffer, (_self, [bytes]) => Number(bytes)],
  ...TYPED.map((type): [Any, Size] => [
    type as unknown as Any,
    (_self, [first]) =>
      first instanceof ArrayBuffer ? 0 : elements(first) * type.BYTES_PER_ELEMENT,
  ]),
] as [Any, Size][]

/** Methods and functions whose result can be far larger than what they are given. */
export const SIZED: [Any, Size][] = [
  [Array.from as Any, (_self, [source]) => (isObject(source) ? elements(source) * SLOT_BYTES : 0)],
  [String.prototype.repeat, (self, [count]) => text(String(self).length * Number(count))],
  [String.prototype.padStart, (_self, [length]) => text(length)],
  [String.prototype.padEnd, (_self, [length]) => text(length)],
  [Array.prototype.fill, (self) => elements(self) * SLOT_BYTES],
  [Array.prototype.join, joined],
  [Array.prototype.concat, (self, args) => {
    let total = elements(self)
    for (const arg of args) total += Array.isArray(arg) ? arg.length : 1
    return total * SLOT_BYTES
  }],
]

export function tooLarge(bytes: number, place: () => string): void {
  if (!(bytes > ALLOCATION_LIMIT_BYTES)) return
  throw new RangeError(
    `${place()}: this asks for ${describe(bytes)} at once, ` +
      'but a lab may have 64 MiB: ask for less.',
  )
}

function describe(bytes: number): string {
  const mib = Math.round(bytes / (1024 * 1024))
  return mib >= 10_240 ? `${Math.round(mib / 1024)} GiB` : `${mib} MiB`
}
