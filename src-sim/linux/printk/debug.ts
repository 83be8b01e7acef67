import { machine } from '../../engine/current'
import { costs } from '../../kernel/api'
import { driverString } from '../../kernel/base/core'
import type { device } from '../../kernel/base/device'
import { modules } from '../../kernel/base/module'
import { vsprintf } from '../../kernel/printk/format'
import { printkText } from '../../kernel/printk/printk'

/** Messages that only modules loaded with `dyndbg` print. Part of `linux/printk`. */

const LEVEL = '\u00017'

/** Whether the module that is running was loaded with `dyndbg=+p`. */
export const wantsDebug = (): boolean => modules(machine()).current?.$debug === true

/** As `pr_info` at debug level. */
export const pr_debug = costs(0, function pr_debug(format: string, ...args: unknown[]): number {
  return wantsDebug() ? printkText(LEVEL + format, args) : 0
})

/** As `dev_info` at debug level. */
export const dev_dbg = costs(
  0,
  function dev_dbg(dev: object, format: string, ...args: unknown[]): number {
    if (!wantsDebug()) return 0
    const { kobj } = dev as device
    const text = vsprintf(machine(), format, args)
    return printkText(`${LEVEL}%s %s: %s`, [driverString(dev as device), kobj.name ?? '', text])
  },
)

/** Prints in kernels built for its developers only: never. */
export function pr_devel(_format: string, ..._args: unknown[]): number {
  return 0
}
