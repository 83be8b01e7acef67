import { machine } from '../../engine/current'
import type { Position } from '../../engine/position'
import { service } from '../../engine/service'
import { wantsDebug } from './debug'
import { printkText } from '../../kernel/printk/printk'

/** Messages that each call site prints once. Part of `linux/printk`. */

const printed = service(() => new Set<Position>())

/** True the first time at each call site of lab code. */
export function firstHere(): boolean {
  const m = machine()
  const known = printed(m)
  const { p } = m.runtime
  if (known.has(p)) return false
  known.add(p)
  return true
}

const once =
  (level: number) =>
  (format: string, ...args: unknown[]): boolean => {
    const first = firstHere()
    if (first) printkText(`\u0001${level}${format}`, args)
    return first
  }

export const pr_emerg_once = once(0)
export const pr_alert_once = once(1)
export const pr_crit_once = once(2)
export const pr_err_once = once(3)
export const pr_warn_once = once(4)
export const pr_notice_once = once(5)
export const pr_info_once = once(6)
const debugOnce = once(7)
export const pr_debug_once: typeof debugOnce = (format, ...args) =>
  wantsDebug() && debugOnce(format, ...args)
/** `printk_once(KERN_INFO + 'text')`. */
export function printk_once(format: string, ...args: unknown[]): boolean {
  const first = firstHere()
  if (first) printkText(format, args)
  return first
}
