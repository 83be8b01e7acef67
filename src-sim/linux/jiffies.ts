import { machine, now } from '../engine/current'
import { quiet } from '../kernel/api'
import { live } from '../kernel/live'
import * as clock from '../kernel/time/clock'

/** Brought along, as by the C header. */
export * from './limits'
export * from './math64'
export * from './minmax'
export * from './types'

/** The tick counter and its conversions: `linux/jiffies`. */

/** Ticks since (300 s before) the counter passed 32 bits. Read it anew whenever you need it. */
export const jiffies: number = live(() => clock.jiffies(machine()))
/** Ticks a second: 250 unless the machine says otherwise. */
export const HZ: number = live(() => machine().hz)

/** The tick counter as 64 bits: the same as `jiffies` here. */
export const get_jiffies_64 = quiet((): number => clock.jiffies(machine()))

/** The longest timeout there is: for ever. */
export { MAX_JIFFY_OFFSET, MAX_SCHEDULE_TIMEOUT } from '../kernel/time/clock'

/** `a` is later than `b`. */
export const time_after = quiet((a: number, b: number): boolean => a - b > 0)
export const time_before = quiet((a: number, b: number): boolean => a - b < 0)
export const time_after_eq = quiet((a: number, b: number): boolean => a - b >= 0)
export const time_before_eq = quiet((a: number, b: number): boolean => a - b <= 0)
/** `a` lies in [b, c]. */
export const time_in_range = quiet(
  (a: number, b: number, c: number): boolean => a - b >= 0 && a - c <= 0,
)
export const time_is_before_jiffies = quiet((a: number): boolean => a < clock.jiffies(machine()))
export const time_is_after_jiffies = quiet((a: number): boolean => a > clock.jiffies(machine()))

/** Milliseconds to ticks, rounded up. */
export const msecs_to_jiffies = quiet((m: number): number => clock.msecsToJiffies(machine(), m))
export const usecs_to_jiffies = quiet((u: number): number => clock.usecsToJiffies(machine(), u))
/** Nanoseconds to ticks, rounded down. */
export const nsecs_to_jiffies = quiet((n: number): number => clock.nsecsToJiffies(machine(), n))
export const secs_to_jiffies = quiet((s: number): number => s * machine().hz)
export const jiffies_to_msecs = quiet((j: number): number => clock.jiffiesToMsecs(machine(), +j))
export const jiffies_to_usecs = quiet((j: number): number => clock.jiffiesToUsecs(machine(), +j))
export const jiffies_to_nsecs = quiet((j: number): number => clock.jiffiesToNsecs(machine(), +j))
/** Each CPU's full seconds lie three ticks later than those of the one before. */
const SKEW = 3

function rounded(j: number, up: boolean): number {
  const m = machine()
  const skew = (now.cpu?.id ?? 0) * SKEW
  const rest = (j + skew) % m.hz
  const whole = rest < m.hz / 4 && !up ? j - rest : j - rest + m.hz
  return whole > clock.jiffies(m) ? whole : j
}

function roundedRelative(j: number, up: boolean): number {
  const start = clock.jiffies(machine())
  return rounded(j + start, up) - start
}

/** Rounds to a full second, so that timers that need no precision fire together. */
export const round_jiffies = quiet((j: number): number => rounded(+j, false))
/** The same for a number of ticks from now. */
export const round_jiffies_relative = quiet((j: number): number => roundedRelative(+j, false))
/** Never to an earlier second. */
export const round_jiffies_up = quiet((j: number): number => rounded(+j, true))
export const round_jiffies_up_relative = quiet((j: number): number => roundedRelative(+j, true))
/** The counter's value at boot. */
export const INITIAL_JIFFIES: number = live(() => clock.initialJiffies(machine()))
/** Nanoseconds of a tick. */
export const TICK_NSEC: number = live(() => 1_000_000_000 / machine().hz)
export const time_after64 = time_after
export const time_before64 = time_before
export const time_after_eq64 = time_after_eq
export const time_before_eq64 = time_before_eq
export const time_in_range64 = time_in_range
/** `a` lies in [b, c). */
export const time_in_range_open = quiet(
  (a: number, b: number, c: number): boolean => a - b >= 0 && a - c < 0,
)
export const time_is_before_eq_jiffies = quiet(
  (a: number): boolean => a <= clock.jiffies(machine()),
)
export const time_is_after_eq_jiffies = quiet((a: number): boolean => a >= clock.jiffies(machine()))
/** As `jiffies_to_msecs` for a difference; negative ones count as 0. */
export const jiffies_delta_to_msecs = quiet((delta: number): number =>
  clock.jiffiesToMsecs(machine(), Math.max(0, delta)),
)
