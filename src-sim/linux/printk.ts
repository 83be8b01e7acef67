import { machine } from '../engine/current'
import { costs } from '../kernel/api'
import { vsprintf } from '../kernel/printk/format'
import { kernelLog } from '../kernel/printk/log'
import { printkText } from '../kernel/printk/printk'
import { takeStack, traceLines, whoLine } from '../kernel/report'

/** Brought along, as by the C header. */
export * from './bug'

/**
 * The kernel log: `linux/printk`. All of these take a C format and work in any context.
 * A line that does not end in `\n` is continued by the next `pr_cont`.
 */
export const KERN_EMERG = '\u00010'
export const KERN_ALERT = '\u00011'
export const KERN_CRIT = '\u00012'
export const KERN_ERR = '\u00013'
export const KERN_WARNING = '\u00014'
export const KERN_NOTICE = '\u00015'
export const KERN_INFO = '\u00016'
export const KERN_DEBUG = '\u00017'
export const KERN_CONT = '\u0001c'

const PRINT_COST_NS = 2_000

/** Prints `level + format` with its arguments. Answers the number of characters. */
export const printk = costs(PRINT_COST_NS, function printk(format: string, ...args: unknown[]): number {
  return printkText(format, args)
})

type Print = (format: string, ...args: unknown[]) => number
const at = (level: string, name: string): Print => {
  const f = (format: string, ...args: unknown[]): number => printkText(level + format, args)
  Object.defineProperty(f, 'name', { value: name })
  return costs(PRINT_COST_NS, f)
}

export const pr_emerg = at(KERN_EMERG, 'pr_emerg')
export const pr_alert = at(KERN_ALERT, 'pr_alert')
export const pr_crit = at(KERN_CRIT, 'pr_crit')
export const pr_err = at(KERN_ERR, 'pr_err')
export const pr_warn = at(KERN_WARNING, 'pr_warn')
export const pr_notice = at(KERN_NOTICE, 'pr_notice')
export const pr_info = at(KERN_INFO, 'pr_info')
export { dev_dbg, pr_debug, pr_devel } from './printk/debug'
export * from './printk/hex'
export const pr_cont = at(KERN_CONT, 'pr_cont')

/** What is printed in front of a device's messages: driver (or bus) and device name. */
interface Named {
  driver?: { name: string } | null
  bus?: { name: string } | null
  $dev_name?: string
  init_name?: string
  kobj?: { name: string | null }
}

const devAt = (level: string, name: string) => {
  const f = (dev: object, format: string, ...args: unknown[]): number => {
    const d = dev as Named
    const who = d.driver?.name ?? d.bus?.name ?? ''
    return printkText(`${level}%s %s: %s`, [who, d.kobj?.name ?? d.init_name ?? '', vsprintf(machine(), format, args)])
  }
  Object.defineProperty(f, 'name', { value: name })
  return costs(PRINT_COST_NS, f)
}

/** As `pr_err`, prefixed with the driver's and the device's name. */
export const dev_err = devAt(KERN_ERR, 'dev_err')
export const dev_warn = devAt(KERN_WARNING, 'dev_warn')
export const dev_notice = devAt(KERN_NOTICE, 'dev_notice')
export const dev_info = devAt(KERN_INFO, 'dev_info')

export { BUG, BUG_ON, WARN, WARN_ON, WARN_ON_ONCE, WARN_ONCE } from './bug'
export * from './printk/once'
export * from './printk/ratelimited'

/** Prints who runs, and the stack of the running context. */
export function dump_stack(): void {
  const m = machine()
  const stack = takeStack(m)
  const lines = [whoLine(stack), 'Call Trace:', ...traceLines(m, stack)]
  kernelLog(m).print(4, lines.map((line) => `${line}\n`).join(''))
}
