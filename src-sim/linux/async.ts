import { kernelCall } from '../kernel/api'
import { call } from '../engine/suspend'
import type { device } from '../kernel/base/device'
import { asyncSchedule, asyncSynchronize, asyncSynchronizeCookie } from '../kernel/base/async'

/** Functions that run on their own while the caller goes on: `linux/async`. */

/** Counts the functions in the order in which they were scheduled. */
export type async_cookie_t = number

export type async_func_t<T> = (data: T, cookie: async_cookie_t) => void

/** Runs `func(data, cookie)` in a worker, in no particular order. Never sleeps. The cookie. */
export const async_schedule = kernelCall(
  'async_schedule',
  (func: (data: never, cookie: async_cookie_t) => void, data: unknown): async_cookie_t =>
    asyncSchedule((cookie) => call(() => func(data as never, cookie))),
) as <T>(func: async_func_t<T>, data: T) => async_cookie_t

/** The same for something that is done to a device. */
export const async_schedule_dev = kernelCall(
  'async_schedule_dev',
  (func: (dev: device, cookie: async_cookie_t) => void, dev: device): async_cookie_t =>
    asyncSchedule((cookie) => call(() => func(dev, cookie))),
)

/** Waits until no scheduled function is left. May sleep. */
export const async_synchronize_full = kernelCall('async_synchronize_full', asyncSynchronize)

/** Waits until all functions with a smaller cookie are through: a way to keep their order. */
export const async_synchronize_cookie = kernelCall(
  'async_synchronize_cookie',
  asyncSynchronizeCookie,
)
