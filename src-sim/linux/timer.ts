import { machine } from '../engine/current'
import { container_of } from './container_of'
import { kernelCall, quiet } from '../kernel/api'
import { warn } from '../kernel/printk/warn'
import { timerDeleteSync } from '../kernel/time/timer-run'
import * as t from '../kernel/time/timer'

/** Brought along, as by the C header. */
export * from './jiffies'
export * from './ktime'
export * from './list'
export * from './types'

/** Timers of jiffy resolution: `linux/timer`. Callbacks run in softirq context, never asleep. */

export const timer_list = t.timer_list
export type timer_list = t.timer_list

/** Wakes no idle CPU: runs when the CPU is awake anyway. */
export const TIMER_DEFERRABLE = t.TIMER_DEFERRABLE
/** Stays on the CPU that arms it. */
export const TIMER_PINNED = t.TIMER_PINNED
/** The callback runs with interrupts off. */
export const TIMER_IRQSAFE = t.TIMER_IRQSAFE

const all = (): t.Timers => t.timers(machine())

/**
 * Initialises a timer. Must not be called while it is pending. A timer has to be set up before any
 * other use. Source: kernel/time/timer.c.
 */
export function timer_setup(timer: timer_list, callback: t.timer_function, flags: number): void {
  all().setup(timer, callback, flags)
}

/** A timer that is ready to be armed: `const t = DEFINE_TIMER('t', fn)`. */
export function DEFINE_TIMER(_name: string, callback: t.timer_function): timer_list {
  const timer = new timer_list()
  all().setup(timer, callback, 0)
  return timer
}

/**
 * Arms the timer for jiffy `expires`, or moves it. Any context. 1 = it was pending, 0 = it was not
 * (also 0, and not armed, after a shutdown). Pair: `timer_delete_sync` (TMR-01).
 */
export function mod_timer(timer: timer_list, expires: number): number {
  return all().modify(timer, +expires)
}

/** As `mod_timer`, but only when it is pending; else 0. */
export function mod_timer_pending(timer: timer_list, expires: number): number {
  return all().modify(timer, +expires, { pendingOnly: true })
}

/** As `mod_timer`, but a pending timer is only ever moved to an earlier time. */
export function timer_reduce(timer: timer_list, expires: number): number {
  return all().modify(timer, +expires, { reduce: true })
}

function refusePending(timer: timer_list, where: string): boolean {
  if (timer.$bucket === null) return false
  const { once } = all()
  if (!once.has(where)) {
    once.add(where)
    warn(machine(), 'timer-add-pending', `kernel/time/timer.c at ${where}`, null, {
      rules: ['TMR-01'],
      objects: [timer],
    })
  }
  return true
}

/** Arms an inactive timer for `timer.expires`. On a pending one: a warning, and nothing else. */
export function add_timer(timer: timer_list): void {
  if (!refusePending(timer, 'add_timer')) all().modify(timer, timer.expires)
}

/** As `add_timer`, on CPU `cpu`, wherever the callback may be running now (TMR-03). */
export function add_timer_on(timer: timer_list, cpu: number): void {
  if (!refusePending(timer, 'add_timer_on')) all().addOn(timer, machine().cpus[cpu]!)
}

/** As `add_timer`, pinned to this CPU. */
export function add_timer_local(timer: timer_list): void {
  timer.flags |= TIMER_PINNED
  add_timer(timer)
}

/** As `add_timer`, not pinned. */
export function add_timer_global(timer: timer_list): void {
  timer.flags &= ~TIMER_PINNED
  add_timer(timer)
}

/** Whether the timer is armed. False while its callback runs, so no reason to free anything. */
export const timer_pending = quiet((timer: timer_list): boolean => timer.$bucket !== null)

/** Disarms without waiting for a running callback. Any context. 1 = it was pending (TMR-04). */
export function timer_delete(timer: timer_list): number {
  return all().delete(timer, false)
}
/** Old name of `timer_delete`. */
export const del_timer = timer_delete

/** As `timer_delete`, or -1 while the callback runs (TMR-05). */
export function timer_delete_sync_try(timer: timer_list): number {
  return all().tryDelete(timer, false)
}
/** Old name of `timer_delete_sync_try`. */
export const try_to_del_timer_sync = timer_delete_sync_try

/**
 * Disarms and waits until the callback is not running. 1 = it was pending. Not from the callback
 * itself, not with a lock that the callback takes, not from a hardirq. Somebody else may arm the
 * timer again right afterwards: see `timer_shutdown_sync` (TMR-06).
 */
export const timer_delete_sync: (timer: timer_list) => number = kernelCall(
  'timer_delete_sync',
  function* (timer: timer_list) {
    return yield* timerDeleteSync(timer, false)
  },
)
/** Old name of `timer_delete_sync`. */
export const del_timer_sync = timer_delete_sync

/** Disarms for good: every later arming is ignored. Does not wait. 1 = it was pending (TMR-09). */
export function timer_shutdown(timer: timer_list): number {
  return all().delete(timer, true)
}

/** As `timer_delete_sync`, for good: the right call before the timer's memory goes (TMR-09). */
export const timer_shutdown_sync: (timer: timer_list) => number = kernelCall(
  'timer_shutdown_sync',
  function* (timer: timer_list) {
    return yield* timerDeleteSync(timer, true)
  },
)

type Type<T> = new (...args: never[]) => T

/** The structure of class `type` in which `timer` is the member `field`. */
export const timer_container_of = quiet(
  <T extends object>(type: Type<T>, timer: timer_list, field: keyof T & string): T =>
    container_of(timer, type, field),
)
/** Old name of `timer_container_of`. */
export const from_timer = timer_container_of

/** Bits of `timer.flags` that hold the CPU. */
export const TIMER_CPUMASK = t.TIMER_CPUMASK
/** As `timer_setup`, for a timer in a local variable: pair with `timer_destroy_on_stack`. */
export const timer_setup_on_stack = timer_setup
/** A timer in a local variable is no longer used. */
export function timer_destroy_on_stack(_timer: timer_list): void {}
/** Old name of `timer_destroy_on_stack`. */
export const destroy_timer_on_stack = timer_destroy_on_stack
export {
  round_jiffies, round_jiffies_relative, round_jiffies_up, round_jiffies_up_relative,
} from './jiffies'
