import { machine } from '../../engine/current'
import type { Position } from '../../engine/position'
import { service } from '../../engine/service'
import { initRatelimit, mayPass, ratelimit_state } from '../../kernel/printk/ratelimit'
import { wantsDebug } from './debug'
import { printkText } from '../../kernel/printk/printk'

/** Messages of which each call site prints ten in five seconds. Part of `linux/printk`. */

const states = service(() => new Map<Position, ratelimit_state>())

/** Whether the running call site may speak again. */
export function passesHere(): boolean {
  const m = machine()
  const known = states(m)
  const { p } = m.runtime
  let state = known.get(p)
  if (!state) known.set(p, (state = initRatelimit(new ratelimit_state(), 5 * m.hz, 10)))
  return mayPass(state, 'printk')
}

const at =
  (level: number) =>
  (format: string, ...args: unknown[]): void => {
    if (passesHere()) printkText(`\u0001${level}${format}`, args)
  }

export const pr_emerg_ratelimited = at(0)
export const pr_alert_ratelimited = at(1)
export const pr_crit_ratelimited = at(2)
export const pr_err_ratelimited = at(3)
export const pr_warn_ratelimited = at(4)
export const pr_notice_ratelimited = at(5)
export const pr_info_ratelimited = at(6)
const debugLimited = at(7)
export const pr_debug_ratelimited: typeof debugLimited = (format, ...args) => {
  if (wantsDebug()) debugLimited(format, ...args)
}
export function printk_ratelimited(format: string, ...args: unknown[]): void {
  if (passesHere()) printkText(format, args)
}
/** 1 when a message may be printed now: for conditions around longer reports. */
export const printk_ratelimit = (): number => (passesHere() ? 1 : 0)
