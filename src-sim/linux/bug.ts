import { machine } from '../engine/current'
import { NO_POSITION, type Position } from '../engine/position'
import { service } from '../engine/service'
import { vsprintf } from '../kernel/printk/format'
import { kernelBug } from '../kernel/printk/oops'
import { placeHere, warnHere } from '../kernel/printk/warn'

/** Saying that something is wrong: `linux/bug`. */

const RULES = { rules: ['CTX-15'] }

/** Call sites of the `_ONCE` forms that have spoken. */
const spoken = service(() => new Set<Position>())

function firstTime(): boolean {
  const m = machine()
  const { p } = m.runtime
  if (p === NO_POSITION) return true
  const known = spoken(m)
  if (known.has(p)) return false
  known.add(p)
  return true
}

/** Reports a WARNING with the stack when `condition` holds; answers the condition. */
export function WARN_ON(condition: unknown): boolean {
  if (condition) warnHere(machine(), 'on', null, RULES)
  return !!condition
}
/** As `WARN_ON`, the first time at each call site. */
export function WARN_ON_ONCE(condition: unknown): boolean {
  if (condition && firstTime()) warnHere(machine(), 'on', null, RULES)
  return !!condition
}
/** As `WARN_ON` with a message in front. */
export function WARN(condition: unknown, format: string, ...args: unknown[]): boolean {
  if (condition) warnHere(machine(), 'on', vsprintf(machine(), format, args).trimEnd(), RULES)
  return !!condition
}
/** As `WARN`, the first time at each call site. */
export function WARN_ONCE(condition: unknown, format: string, ...args: unknown[]): boolean {
  if (condition && firstTime()) warnHere(machine(), 'on', vsprintf(machine(), format, args).trimEnd(), RULES)
  return !!condition
}

/** Ends the task with an oops when `condition` holds. */
export function BUG_ON(condition: unknown): void {
  if (condition) kernelBug(machine(), placeHere(machine()), '')
}
export function BUG(): void {
  BUG_ON(true)
}
/** Fails the build when `_condition` holds; here it does nothing. */
export function BUILD_BUG_ON(_condition: unknown): void {}
