import { machine } from '../engine/current'
import { kernelCall, kernelFrame, quiet } from '../kernel/api'
import { clockOffsetNs } from '../kernel/time/clock'
import { scheduleHrtimeout } from '../kernel/time/sleep'
import * as h from '../kernel/time/hrtimer'
import { hrtimerCancel } from '../kernel/time/hrtimer-run'
import type { ktime_t } from './ktime'

/** Brought along, as by the C header. */
export * from './ktime'
export * from './list'
export * from './percpu'
export * from './seqlock'
export * from './timer'

/** Timers of nanosecond resolution: `linux/hrtimer`. Callbacks run in hardirq context. */

export const hrtimer = h.hrtimer
export type hrtimer = h.hrtimer

export { CLOCK_BOOTTIME, CLOCK_MONOTONIC, CLOCK_REALTIME, CLOCK_TAI } from '../kernel/time/clock'

export type hrtimer_mode = number
export const HRTIMER_MODE_ABS: hrtimer_mode = h.HRTIMER_MODE_ABS
export const HRTIMER_MODE_REL: hrtimer_mode = h.HRTIMER_MODE_REL
export const HRTIMER_MODE_PINNED: hrtimer_mode = h.HRTIMER_MODE_PINNED
export const HRTIMER_MODE_SOFT: hrtimer_mode = h.HRTIMER_MODE_SOFT
export const HRTIMER_MODE_HARD: hrtimer_mode = h.HRTIMER_MODE_HARD
export const HRTIMER_MODE_ABS_PINNED: hrtimer_mode = h.HRTIMER_MODE_PINNED
export const HRTIMER_MODE_REL_PINNED: hrtimer_mode = h.HRTIMER_MODE_REL | h.HRTIMER_MODE_PINNED
export const HRTIMER_MODE_ABS_SOFT: hrtimer_mode = h.HRTIMER_MODE_SOFT
export const HRTIMER_MODE_REL_SOFT: hrtimer_mode = h.HRTIMER_MODE_REL | h.HRTIMER_MODE_SOFT
export const HRTIMER_MODE_ABS_HARD: hrtimer_mode = h.HRTIMER_MODE_HARD
export const HRTIMER_MODE_REL_HARD: hrtimer_mode = h.HRTIMER_MODE_REL | h.HRTIMER_MODE_HARD

/** What a callback answers: done, or fire again at the (moved) expiry. */
export type hrtimer_restart = number
export const HRTIMER_NORESTART: hrtimer_restart = h.HRTIMER_NORESTART
export const HRTIMER_RESTART: hrtimer_restart = h.HRTIMER_RESTART

const all = (): h.Hrtimers => h.hrtimers(machine())

/** Initialises a timer. With a SOFT mode the callback runs in softirq context (HRT-01, HRT-02). */
export function hrtimer_setup(
  timer: hrtimer,
  callback: (timer: hrtimer) => hrtimer_restart,
  clock_id: number,
  mode: hrtimer_mode,
): void {
  all().setup(timer, callback, clock_id, mode)
}

/** Arms the timer `tim` nanoseconds from now (REL) or at that moment (ABS). Any context. */
export function hrtimer_start(timer: hrtimer, tim: ktime_t, mode: hrtimer_mode): void {
  all().start(timer, tim, 0, mode)
}

/** As `hrtimer_start`; may fire up to `range_ns` later when that saves a wake-up. */
export function hrtimer_start_range_ns(
  timer: hrtimer,
  tim: ktime_t,
  range_ns: number,
  mode: hrtimer_mode,
): void {
  all().start(timer, tim, range_ns, mode)
}

/** Arms the timer for the expiry that it has. */
export function hrtimer_start_expires(timer: hrtimer, mode: hrtimer_mode): void {
  all().start(timer, timer.$softExpires, timer.$expires - timer.$softExpires, mode & ~1)
}

/** Arms it again for the expiry it has; not for use in its callback. */
export function hrtimer_restart(timer: hrtimer): void {
  hrtimer_start_expires(timer, timer.$soft ? HRTIMER_MODE_ABS_SOFT : HRTIMER_MODE_ABS)
}

/**
 * Disarms and waits until the callback is not running. 1 = it was queued, 0 = it was not. Never
 * from the callback itself or with a lock that the callback takes: it would spin for ever (HRT-08).
 */
export const hrtimer_cancel: (timer: hrtimer) => number = kernelCall(
  'hrtimer_cancel',
  hrtimerCancel,
)

/** As `hrtimer_cancel` without waiting: -1 while the callback runs. Any context (HRT-07). */
export function hrtimer_try_to_cancel(timer: hrtimer): number {
  return all().tryCancel(timer)
}

/**
 * Moves the expiry on by whole intervals until it lies after `now`; answers how many. For use in
 * the callback, or while the timer is inactive (HRT-05).
 */
export function hrtimer_forward(timer: hrtimer, now: ktime_t, interval: ktime_t): number {
  return all().forward(timer, now, interval)
}

/** `hrtimer_forward` with the present moment of the timer's clock. */
export function hrtimer_forward_now(timer: hrtimer, interval: ktime_t): number {
  return all().forward(timer, hrtimer_cb_get_time(timer), interval)
}

/** The present moment on the timer's clock. */
export const hrtimer_cb_get_time = quiet(
  (timer: hrtimer): ktime_t => machine().nowNs + clockOffsetNs(timer.$clock),
)

/** Queued, or its callback is running. */
export const hrtimer_active = quiet(
  (timer: hrtimer): boolean => timer.$queued || all().isRunning(timer),
)
export const hrtimer_is_queued = quiet((timer: hrtimer): boolean => timer.$queued)
export const hrtimer_callback_running = quiet((timer: hrtimer): boolean => all().isRunning(timer))

/** Sets the expiry of an inactive timer. */
export const hrtimer_set_expires = quiet((timer: hrtimer, time: ktime_t): void => {
  timer.$expires = time
  timer.$softExpires = time
})
export const hrtimer_get_expires = quiet((timer: hrtimer): ktime_t => timer.$expires)
export const hrtimer_get_expires_ns = hrtimer_get_expires
export const hrtimer_get_softexpires = quiet((timer: hrtimer): ktime_t => timer.$softExpires)
/** Nanoseconds until it expires. */
export const hrtimer_get_remaining = quiet(
  (timer: hrtimer): ktime_t => timer.$expires - hrtimer_cb_get_time(timer),
)

export const HRTIMER_MODE_ABS_PINNED_SOFT = h.HRTIMER_MODE_PINNED | h.HRTIMER_MODE_SOFT
export const HRTIMER_MODE_REL_PINNED_SOFT = HRTIMER_MODE_ABS_PINNED_SOFT | h.HRTIMER_MODE_REL
export const HRTIMER_MODE_ABS_PINNED_HARD = h.HRTIMER_MODE_PINNED | h.HRTIMER_MODE_HARD
export const HRTIMER_MODE_REL_PINNED_HARD = HRTIMER_MODE_ABS_PINNED_HARD | h.HRTIMER_MODE_REL

/** As `hrtimer_setup`, for a timer in a local variable: pair with `destroy_hrtimer_on_stack`. */
export const hrtimer_setup_on_stack = hrtimer_setup
export function destroy_hrtimer_on_stack(_timer: hrtimer): void {}
/** Changes the callback of a timer that is not queued. */
export function hrtimer_update_function(
  timer: hrtimer,
  callback: (timer: hrtimer) => hrtimer_restart,
): void {
  timer.$function = callback
}
/** Moves the expiry of an inactive timer, or of one whose callback runs. */
export const hrtimer_add_expires = quiet((timer: hrtimer, time: ktime_t): void => {
  timer.$expires += time
  timer.$softExpires += time
})
export const hrtimer_add_expires_ns = hrtimer_add_expires
/** Sets the earliest moment and how much later it may be. */
export const hrtimer_set_expires_range_ns = quiet(
  (timer: hrtimer, time: ktime_t, delta: number): void => {
    timer.$softExpires = time
    timer.$expires = time + delta
  },
)
export const hrtimer_set_expires_range = hrtimer_set_expires_range_ns
export const hrtimer_expires_remaining = hrtimer_get_remaining

/**
 * Sleeps in the state set before until the moment `expires` (or for that long, with a REL mode).
 * 0 when the time is over, -EINTR when something else woke the task. Null sleeps for ever.
 */
export const schedule_hrtimeout: (expires: ktime_t | null, mode: hrtimer_mode) => number =
  kernelFrame('schedule_hrtimeout', (expires: ktime_t | null, mode: hrtimer_mode) =>
    scheduleHrtimeout(expires, 0, mode),
  )
/** As `schedule_hrtimeout`, up to `delta` nanoseconds later when that saves a wake-up. */
export const schedule_hrtimeout_range: (
  expires: ktime_t | null,
  delta: number,
  mode: hrtimer_mode,
) => number = kernelCall('schedule_hrtimeout_range', scheduleHrtimeout)
