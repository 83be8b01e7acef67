import { machine } from '../../engine/current'
import { quiet } from '../../kernel/api'
import { driverString } from '../../kernel/base/core'
import type { device } from '../../kernel/base/device'
import { errorName } from '../../kernel/errno'
import { vsprintf } from '../../kernel/printk/format'
import { printkText } from '../../kernel/printk/printk'
import { WARN, WARN_ONCE } from '../bug'
import { PTR_ERR } from '../err'
import { dev_dbg } from '../printk'
import { firstHere } from '../printk/once'
import { passesHere } from '../printk/ratelimited'

/** Messages about a device, prefixed with its driver (or bus) and name. Part of `linux/device`. */

/** The driver of a device; without one its bus, else its class, else nothing. */
export const dev_driver_string = quiet(function dev_driver_string(dev: device): string {
  return driverString(dev)
})

type Say = (dev: device, format: string, ...args: unknown[]) => void

/** Prints at a level: `dev_printk(KERN_INFO, dev, 'text')`. */
export function dev_printk(level: string, dev: device, format: string, ...args: unknown[]): void {
  const text = vsprintf(machine(), format, args)
  printkText(`${level}%s %s: %s`, [driverString(dev), dev.$label, text])
}
const at =
  (level: number): Say =>
  (dev, format, ...args) =>
    dev_printk(`\u0001${level}`, dev, format, ...args)
const once =
  (level: number): Say =>
  (dev, format, ...args) => {
    if (firstHere()) dev_printk(`\u0001${level}`, dev, format, ...args)
  }
const limited =
  (level: number): Say =>
  (dev, format, ...args) => {
    if (passesHere()) dev_printk(`\u0001${level}`, dev, format, ...args)
  }

export const dev_emerg = at(0)
export const dev_alert = at(1)
export const dev_crit = at(2)
export const dev_emerg_once = once(0)
export const dev_alert_once = once(1)
export const dev_crit_once = once(2)
export const dev_err_once = once(3)
export const dev_warn_once = once(4)
export const dev_notice_once = once(5)
export const dev_info_once = once(6)
export const dev_dbg_once: Say = (dev, format, ...args) => {
  if (firstHere()) dev_dbg(dev, format, ...args)
}
export const dev_emerg_ratelimited = limited(0)
export const dev_alert_ratelimited = limited(1)
export const dev_crit_ratelimited = limited(2)
export const dev_err_ratelimited = limited(3)
export const dev_warn_ratelimited = limited(4)
export const dev_notice_ratelimited = limited(5)
export const dev_info_ratelimited = limited(6)
export const dev_dbg_ratelimited: Say = (dev, format, ...args) => {
  if (passesHere()) dev_dbg(dev, format, ...args)
}
/** Compiled out, as without VERBOSE_DEBUG. */
export const dev_vdbg: Say = quiet(() => {})

/** A WARNING that names the device; answers the condition. */
export function dev_WARN(dev: device, format: string, ...args: unknown[]): boolean {
  const text = vsprintf(machine(), format, args)
  return WARN(true, '%s %s: %s', driverString(dev), dev.$label, text)
}
/** As `dev_WARN` when `condition` holds, the first time at each call site. */
export function dev_WARN_ONCE(
  dev: device,
  condition: unknown,
  format: string,
  ...args: unknown[]
): boolean {
  const text = vsprintf(machine(), format, args)
  return WARN_ONCE(condition, '%s %s: %s', driverString(dev), dev.$label, text)
}

/** As `dev_err_probe`, for functions that answer a pointer: the error comes back as one. */
export function dev_err_cast_probe<T extends object>(
  dev: device,
  error: T,
  format: string,
  ...args: unknown[]
): T {
  const text = vsprintf(machine(), format, args)
  printkText('\u00013%s %s: error %s: %s', [
    driverString(dev), dev.$label, errorName(PTR_ERR(error)), text,
  ])
  return error
}
