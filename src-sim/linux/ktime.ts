import { machine } from '../engine/current'
import { quiet } from '../kernel/api'
import { clockOffsetNs, CLOCK_BOOTTIME, CLOCK_REALTIME, CLOCK_TAI } from '../kernel/time/clock'

/** Brought along, as by the C header. */
export * from './jiffies'

/** Nanosecond time: `linux/ktime` and the readers of `linux/timekeeping`. */

/** Nanoseconds, as a number. */
export { CLOCK_BOOTTIME, CLOCK_MONOTONIC, CLOCK_REALTIME, CLOCK_TAI } from '../kernel/time/clock'
export type ktime_t = number

export const NSEC_PER_SEC = 1_000_000_000
export const NSEC_PER_MSEC = 1_000_000
export const NSEC_PER_USEC = 1_000
export const USEC_PER_SEC = 1_000_000
export const USEC_PER_MSEC = 1_000
export const MSEC_PER_SEC = 1_000
export const KTIME_MAX: ktime_t = Number.MAX_SAFE_INTEGER

/** Time since boot; never goes backwards. */
export function ktime_get(): ktime_t {
  return machine().nowNs
}
export const ktime_get_ns = ktime_get
export const ktime_get_raw = ktime_get
export const ktime_get_raw_ns = ktime_get
export const ktime_get_mono_fast_ns = ktime_get
/** Time since boot with sleep times of the machine, which this one does not have. */
export function ktime_get_boottime(): ktime_t {
  return machine().nowNs + clockOffsetNs(CLOCK_BOOTTIME)
}
export const ktime_get_boottime_ns = ktime_get_boottime
/** Wall-clock time: nanoseconds since 1970. */
export function ktime_get_real(): ktime_t {
  return machine().nowNs + clockOffsetNs(CLOCK_REALTIME)
}
export const ktime_get_real_ns = ktime_get_real
export function ktime_get_clocktai(): ktime_t {
  return machine().nowNs + clockOffsetNs(CLOCK_TAI)
}
/** Whole seconds since boot. */
export function ktime_get_seconds(): number {
  return Math.floor(machine().nowNs / NSEC_PER_SEC)
}
/** Whole seconds since 1970. */
export function ktime_get_real_seconds(): number {
  return Math.floor(ktime_get_real() / NSEC_PER_SEC)
}

export const ktime_set = quiet(
  (secs: number, nsecs: number): ktime_t => secs * NSEC_PER_SEC + nsecs,
)
export const ktime_add = quiet((a: ktime_t, b: ktime_t): ktime_t => a + b)
export const ktime_sub = quiet((a: ktime_t, b: ktime_t): ktime_t => a - b)
export const ktime_add_ns = quiet((a: ktime_t, ns: number): ktime_t => a + ns)
export const ktime_sub_ns = quiet((a: ktime_t, ns: number): ktime_t => a - ns)
export const ktime_add_us = quiet((a: ktime_t, us: number): ktime_t => a + us * NSEC_PER_USEC)
export const ktime_sub_us = quiet((a: ktime_t, us: number): ktime_t => a - us * NSEC_PER_USEC)
export const ktime_add_ms = quiet((a: ktime_t, ms: number): ktime_t => a + ms * NSEC_PER_MSEC)
export const ktime_sub_ms = quiet((a: ktime_t, ms: number): ktime_t => a - ms * NSEC_PER_MSEC)
export const ns_to_ktime = quiet((ns: number): ktime_t => ns)
export const us_to_ktime = quiet((us: number): ktime_t => us * NSEC_PER_USEC)
export const ms_to_ktime = quiet((ms: number): ktime_t => ms * NSEC_PER_MSEC)
export const ktime_to_ns = quiet((k: ktime_t): number => k)
export const ktime_to_us = quiet((k: ktime_t): number => Math.trunc(k / NSEC_PER_USEC))
export const ktime_to_ms = quiet((k: ktime_t): number => Math.trunc(k / NSEC_PER_MSEC))
export const ktime_us_delta = quiet((a: ktime_t, b: ktime_t): number => ktime_to_us(a - b))
export const ktime_ms_delta = quiet((a: ktime_t, b: ktime_t): number => ktime_to_ms(a - b))
/** Negative, 0 or positive as `a` is before, at or after `b`. */
export const ktime_compare = quiet((a: ktime_t, b: ktime_t): number => (a < b ? -1 : a > b ? 1 : 0))
export const ktime_after = quiet((a: ktime_t, b: ktime_t): boolean => a > b)
export const ktime_before = quiet((a: ktime_t, b: ktime_t): boolean => a < b)
/** Quotient, rounded towards 0. */
export const ktime_divns = quiet((kt: ktime_t, div: number): number => Math.trunc(kt / div))
/** As `ktime_add`, at most KTIME_MAX. */
export const ktime_add_safe = quiet((a: ktime_t, b: ktime_t): ktime_t => Math.min(a + b, KTIME_MAX))
/** The clocks as of the last tick: cheaper, and coarser. */
export const ktime_get_coarse = ktime_get
export const ktime_get_coarse_ns = ktime_get_ns
export const ktime_get_coarse_boottime = ktime_get_boottime
export const ktime_get_coarse_real = ktime_get_real
export const ktime_get_boot_fast_ns = ktime_get_boottime_ns
export const ktime_get_real_fast_ns = ktime_get_real_ns
export const ktime_get_raw_fast_ns = ktime_get_raw_ns
