import { machine } from '../../engine/current'
import { vsprintf } from './format'
import { kernelLog } from './log'

export const KERN_SOH = '\u0001'

/** Formats and logs as printk does: an optional level prefix, then a C format. */
export function printkText(format: string, args: readonly unknown[]): number {
  const m = machine()
  let level = 4
  let continued = false
  let rest = format
  if (format.charCodeAt(0) === 1) {
    const letter = format[1]!
    if (letter === 'c') continued = true
    else level = Number(letter)
    rest = format.slice(2)
  }
  const text = vsprintf(m, rest, args)
  kernelLog(m).print(level, text, continued)
  return text.length
}
