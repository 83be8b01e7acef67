import { machine } from '../engine/current'
import { kernelCall } from '../kernel/api'
import { TASK_INTERRUPTIBLE } from '../kernel/sched/states'
import * as sleep from '../kernel/time/sleep'

/** Brought along, as by the C header. */
export * from './jiffies'
export * from './math'
export * from './sched'

/** Delays: `linux/delay`. The `-sleep` ones need task context, the `-delay` ones burn time. */

/**
 * Sleeps for at least `msecs` milliseconds, whatever happens meanwhile. Task context only. There
 * is no check at the call: in atomic context the report is "scheduling while atomic".
 */
export const msleep: (msecs: number) => void = kernelCall('msleep', function* (msecs: number) {
  return yield* sleep.msleep(msecs)
})

/** As `msleep`, in seconds. */
export const ssleep: (seconds: number) => void = kernelCall('ssleep', function* (seconds: number) {
  return yield* sleep.msleep(seconds * 1000)
})

/** Sleeps until `msecs` are over or a signal comes; answers the milliseconds that were left. */
export const msleep_interruptible: (msecs: number) => number = kernelCall(
  'msleep_interruptible',
  function* (msecs: number) {
    const { hz } = machine()
    const timeout = Math.ceil((msecs * hz) / 1000)
    const left = yield* sleep.sleepJiffies(timeout, 'interruptible', 'time')
    return Math.floor((left * 1000) / hz)
  },
)

/** Sleeps between `min` and `max` microseconds. Task context only. */
export const usleep_range: (min: number, max: number) => void = kernelCall(
  'usleep_range',
  function* (min: number, max: number) {
    return yield* sleep.sleepRangeNs(min * 1000, max * 1000, 'uninterruptible')
  },
)

/** Delays by the means that suits the length. May sleep above 10 us. */
export const fsleep: (usecs: number) => void = kernelCall('fsleep', function* (usecs: number) {
  if (usecs <= 10) yield* sleep.delayNs(usecs * 1000)
  else if (usecs > 20_000) yield* sleep.msleep(Math.ceil(usecs / 1000))
  else yield* sleep.sleepRangeNs(usecs * 1000, usecs * 1250, 'uninterruptible')
})

/** Busy-waits `usecs` microseconds. Any context. */
export const udelay: (usecs: number) => void = kernelCall('udelay', function* (usecs: number) {
  return yield* sleep.delayNs(usecs * 1000)
})
/** Busy-waits `nsecs` nanoseconds. Any context. */
export const ndelay: (nsecs: number) => void = kernelCall('ndelay', function* (nsecs: number) {
  return yield* sleep.delayNs(nsecs)
})
/** Busy-waits `msecs` milliseconds: mind that nothing else runs on this CPU meanwhile. */
export const mdelay: (msecs: number) => void = kernelCall('mdelay', function* (msecs: number) {
  return yield* sleep.delayNs(msecs * 1_000_000)
})

/** As `usleep_range`, asleep in the state `state`. */
export const usleep_range_state: (min: number, max: number, state: number) => void = kernelCall(
  'usleep_range_state',
  function* (min: number, max: number, state: number) {
    const kind = state & TASK_INTERRUPTIBLE ? 'interruptible' : 'uninterruptible'
    return yield* sleep.sleepRangeNs(min * 1000, max * 1000, kind)
  },
)
/** As `usleep_range`; nobody misses the sleeper. */
export const usleep_idle_range: (min: number, max: number) => void = kernelCall(
  'usleep_idle_range',
  function* (min: number, max: number) {
    return yield* sleep.sleepRangeNs(min * 1000, max * 1000, 'interruptible')
  },
)
