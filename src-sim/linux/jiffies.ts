import { machine } from '../engine/current'
import { quiet } from '../kernel/api'
import { live } from '../kernel/live'
import * as clock from '../kernel/time/clock'

/** The tick counter and its conversions: `linux/jiffies`. */

/** Ticks since (300 s before) the counter passed 32 bits. Read it anew whenever you need it. */
export const jiffies: number = live(() => clock.jiffies(machine()))
/** Ticks a second: 250 unless the machine says otherwise. */
export const HZ: number = live(() => machine().hz)

/** The tick counter as 64 bits: the same as `jiffies` here. */
export const get_jiffies_64 = quiet((): number => clock.jiffies(machine()))

/** The longest timeout there is: for ever. */
export const MAX_SCHEDULE_TIMEOUT: number = clock.MAX_SCHEDULE_TIMEOUT
export const MAX_JIFFY_OFFSET: number = clock.MAX_JIFFY_OFFSET

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
/** Rounds up to a full second, so that timers that need no precision fire together. */
export const round_jiffies = quiet(
  (j: number): number => Math.ceil(j / machine().hz) * machine().hz,
)
export const round_jiffies_relative = quiet((j: number): number => {
  const now = clock.jiffies(machine())
  return Math.ceil((j + now) / machine().hz) * machine().hz - now
})
