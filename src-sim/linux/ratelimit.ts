import { machine } from '../engine/current'
import { kernelFunction } from '../kernel/sched/schedule'
import { initRatelimit, mayPass, ratelimit_state } from '../kernel/printk/ratelimit'

/** Limits for what could come too often: `linux/ratelimit`. */

export { ratelimit_state, RATELIMIT_MSG_ON_RELEASE } from '../kernel/printk/ratelimit'
/** Five seconds, in jiffies, and ten messages. */
export const DEFAULT_RATELIMIT_BURST = 10

/** A limit of `burst` events in `interval` jiffies: `DEFINE_RATELIMIT_STATE('rs', HZ, 5)`. */
export function DEFINE_RATELIMIT_STATE(
  _name: string,
  interval: number,
  burst: number,
): ratelimit_state {
  return initRatelimit(new ratelimit_state(), +interval, burst)
}
export function ratelimit_state_init(rs: ratelimit_state, interval: number, burst: number): void {
  initRatelimit(rs, +interval, burst)
}
export function ratelimit_default_init(rs: ratelimit_state): void {
  initRatelimit(rs, 5 * machine().hz, DEFAULT_RATELIMIT_BURST)
}
export function ratelimit_set_flags(rs: ratelimit_state, flags: number): void {
  rs.flags = flags
}
/** 1 when one more may pass, 0 when there were too many. Any context. */
export function __ratelimit(rs: ratelimit_state): number {
  return mayPass(rs, kernelFunction('ratelimit')) ? 1 : 0
}
