import { quiet } from '../kernel/api'
import { hidden } from '../engine/object'
import { machine } from '../engine/current'
import { TaskDeath } from '../engine/exec'
import { vsprintf } from '../kernel/printk/format'
import { kernelLog } from '../kernel/printk/log'
import { report, takeStack, traceLines } from '../kernel/report'
import { rounddown, roundup } from './math'

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

/** As `container_of`, for pointers to constants. */
export const container_of_const = container_of

export const BIT = quiet(function BIT(n: number): number {
  return n < 31 ? 1 << n : 2 ** n
})

/** A mask with bits `low` to `high` set. */
export const GENMASK = quiet(function GENMASK(high: number, low: number): number {
  return 2 ** (high + 1) - 2 ** low
})

export const ARRAY_SIZE = quiet(function ARRAY_SIZE(array: ArrayLike<unknown>): number {
  return array.length
})
/** Rounds up to a power of two `to`. */
export const ALIGN = roundup
export const ALIGN_DOWN = rounddown
export const IS_ALIGNED = quiet((x: number, to: number): boolean => x % to === 0)
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
export const U8_MAX = 0xff
export const S8_MAX = 0x7f
export const S8_MIN = -0x80
export const U16_MAX = 0xffff
export const S16_MAX = 0x7fff
export const S16_MIN = -0x8000
export const S32_MAX = INT_MAX
export const S32_MIN = -0x8000_0000
export const INT_MIN = S32_MIN
export const UINT_MAX = U32_MAX
export const BIT_ULL = BIT
export const GENMASK_ULL = GENMASK
export const upper_16_bits = quiet((x: number): number => (x >>> 16) & 0xffff)
export const lower_16_bits = quiet((x: number): number => x & 0xffff)

/** Stops the machine with a message. */
export function panic(format: string, ...args: unknown[]): never {
  const m = machine()
  const text = vsprintf(m, format, args)
  kernelLog(m).print(0, `Kernel panic - not syncing: ${text}\n`)
  m.panic(text)
  throw new TaskDeath('panic')
}
/** Prints the stack of the running context. */
export function dump_stack(): void {
  const m = machine()
  const lines = ['Call Trace:', ...traceLines(m, takeStack(m))]
  kernelLog(m).print(4, lines.map((line) => `${line}\n`).join(''))
}

export {
  abs, DIV_ROUND_CLOSEST, DIV_ROUND_UP, DIV_ROUND_UP_ULL, mult_frac, round_down, round_up,
  rounddown, roundup,
} from './math'
export {
  clamp, clamp_t, clamp_val, max, max3, max_t, min, min3, min_not_zero, min_t,
} from './minmax'
export {
  kstrtobool, kstrtoint, kstrtol, kstrtoll, kstrtou16, kstrtou32, kstrtou64, kstrtou8, kstrtouint,
  kstrtoul, kstrtoull, simple_strtol, simple_strtoul,
} from './kstrtox'
export { kasprintf, scnprintf, snprintf, sprintf } from './sprintf'
export { might_sleep, might_sleep_if } from './sched'
