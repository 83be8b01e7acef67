import { machine } from '../engine/current'
import { call, type Sim } from '../engine/suspend'
import { kernelCall } from '../kernel/api'
import { mightSleep } from '../kernel/sched/schedule'
import { udelay, usleep_range } from './delay'
import { ETIMEDOUT } from './errno'
import { readb, readl, readq, readw, type iomem } from './io'
import type { ptr } from './types'

/**
 * Reading until a condition holds: `linux/iopoll`. The condition is a function that looks at
 * `val`: `readl_poll_timeout(mmio + 4, v, () => v.value & 1, 10, 1000)`. 0 or -ETIMEDOUT, with
 * the last value in `val` either way; `timeout_us` 0 waits for ever.
 */

function* poll(
  op: () => unknown, val: ptr<number>, cond: () => unknown, delay: () => unknown, timeoutUs: number,
): Sim<number> {
  const end = machine().nowNs + timeoutUs * 1000
  for (;;) {
    val.value = (yield* call(op)) as number
    if (yield* call(cond)) return 0
    if (timeoutUs !== 0 && machine().nowNs > end) {
      val.value = (yield* call(op)) as number
      return (yield* call(cond)) ? 0 : -ETIMEDOUT
    }
    yield* call(delay)
  }
}

const sleeping = (us: number) => () => (us > 0 ? usleep_range((us >> 2) + 1, us) : undefined)
const busy = (us: number) => () => udelay(Math.max(1, us))

/** Calls `op(...args)` again and again. May sleep between. */
export const read_poll_timeout = kernelCall('read_poll_timeout', function* <A extends unknown[]>(
  op: (...args: A) => number, val: ptr<number>, cond: () => unknown, sleep_us: number,
  timeout_us: number, sleep_before_read: boolean, ...args: A
): Sim<number> {
  if (sleep_us > 0) mightSleep('read_poll_timeout')
  if (sleep_before_read) yield* call(sleeping(sleep_us))
  return yield* poll(() => op(...args), val, cond, sleeping(sleep_us), timeout_us)
})
/** The same where sleeping is forbidden. */
export const read_poll_timeout_atomic = kernelCall(
  'read_poll_timeout_atomic',
  function* <A extends unknown[]>(
    op: (...args: A) => number, val: ptr<number>, cond: () => unknown, delay_us: number,
    timeout_us: number, delay_before_read: boolean, ...args: A
  ): Sim<number> {
    if (delay_before_read) yield* call(busy(delay_us))
    return yield* poll(() => op(...args), val, cond, busy(delay_us), timeout_us)
  },
)

type Poll = (
  addr: iomem, val: ptr<number>, cond: () => unknown, delay_us: number, timeout_us: number,
) => number

const of = (name: string, read: (addr: iomem) => number, sleeps: boolean): Poll =>
  kernelCall(name, (addr, val, cond, us, timeoutUs) => {
    if (sleeps && us > 0) mightSleep(name)
    return poll(() => read(addr), val, cond, sleeps ? sleeping(us) : busy(us), timeoutUs)
  }) as Poll

export const readb_poll_timeout = of('readb_poll_timeout', readb, true)
export const readw_poll_timeout = of('readw_poll_timeout', readw, true)
export const readl_poll_timeout = of('readl_poll_timeout', readl, true)
export const readq_poll_timeout = of('readq_poll_timeout', readq, true)
export const readl_relaxed_poll_timeout = readl_poll_timeout
export const readb_poll_timeout_atomic = of('readb_poll_timeout_atomic', readb, false)
export const readw_poll_timeout_atomic = of('readw_poll_timeout_atomic', readw, false)
export const readl_poll_timeout_atomic = of('readl_poll_timeout_atomic', readl, false)
export const readq_poll_timeout_atomic = of('readq_poll_timeout_atomic', readq, false)
export const readl_relaxed_poll_timeout_atomic = readl_poll_timeout_atomic
