import { quiet } from '../kernel/api'
import { hidden } from '../engine/object'
import { machine } from '../engine/current'
import { TaskDeath } from '../engine/exec'
import { report } from '../kernel/report'

/** Small helpers found everywhere: `linux/kernel`, `linux/container_of`, `linux/bits`. */

/**
 * The structure of class `type` that contains `pointer` as its member `member` (`'work'`, or a
 * path such as `'ring.work'`). A pointer that is not there is reported: C would compute garbage.
 */
export const container_of = quiet(function container_of<T extends object>(
  pointer: object,
  type: new (...args: never[]) => T,
  member: string & keyof T | string,
): T {
  let object: object = pointer
  for (const part of String(member).split('.').reverse()) {
    const h = hidden(object)
    if (!h.$parent || (h.$field !== part && h.$field?.split('[')[0] !== part)) return wrongContainer(type.name, member)
    object = h.$parent
  }
  if (!(object instanceof type)) return wrongContainer(type.name, member)
  return object
})

function wrongContainer(type: string, member: unknown): never {
  report(machine(), {
    kind: 'oops.container-of',
    title: 'BUG: container_of in %f',
    details: [`The pointer is not the member '${String(member)}' of a ${type}.`],
  })
  throw new TaskDeath('container_of of a foreign pointer')
}

export const BIT = quiet(function BIT(n: number): number {
  return n < 31 ? 1 << n : 2 ** n
})

/** A mask with bits `low` to `high` set. */
export const GENMASK = quiet(function GENMASK(high: number, low: number): number {
  return 2 ** (high + 1) - 2 ** low
})

export const min = quiet(function min(a: number, b: number): number {
  return a < b ? a : b
})
export const max = quiet(function max(a: number, b: number): number {
  return a > b ? a : b
})
export const clamp = quiet(function clamp(x: number, low: number, high: number): number {
  return x < low ? low : x > high ? high : x
})
export const ARRAY_SIZE = quiet(function ARRAY_SIZE(array: ArrayLike<unknown>): number {
  return array.length
})
export const DIV_ROUND_UP = quiet(function DIV_ROUND_UP(n: number, d: number): number {
  return Math.floor((n + d - 1) / d)
})
export const roundup = quiet(function roundup(x: number, to: number): number {
  return DIV_ROUND_UP(x, to) * to
})
/** Rounds up to a power of two `to`. */
export const ALIGN = roundup
export const lower_32_bits = quiet(function lower_32_bits(x: number): number {
  return x % 0x100000000
})
export const upper_32_bits = quiet(function upper_32_bits(x: number): number {
  return Math.floor(x / 0x100000000)
})
export const PAGE_SIZE = 4096
export const PAGE_SHIFT = 12
export const U32_MAX = 0xffffffff
export const INT_MAX = 0x7fffffff
