import { machine } from '../engine/current'
import { TaskDeath } from '../engine/exec'
import { NO_POSITION, type Position } from '../engine/position'
import { service } from '../engine/service'
import { vsprintf } from '../kernel/printk/format'
import { report, resolveFrame, takeStack } from '../kernel/report'

/** Saying that something is wrong: `linux/bug`. */

/** Call sites of the `_ONCE` forms that have spoken. */
const spoken = service(() => new Set<Position>())

/** Reports where the caller stands, every time. */
function warnHere(text: string | null): void {
  const m = machine()
  const at = takeStack(m)
  const place = at.frames[0]
  const frame = place === undefined ? null : resolveFrame(m, place)
  const file = frame?.file ? `${frame.file}:${frame.line}` : 'kernel'
  report(m, {
    kind: 'warn.on',
    before: ['------------[ cut here ]------------', ...(text === null ? [] : [text.trimEnd()])],
    title: `WARNING: ${file} at %f`,
    at,
    level: 4,
    once: false,
    rules: ['CTX-15'],
  })
}

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
  if (condition) warnHere(null)
  return !!condition
}
/** As `WARN_ON`, the first time at each call site. */
export function WARN_ON_ONCE(condition: unknown): boolean {
  if (condition && firstTime()) warnHere(null)
  return !!condition
}
/** As `WARN_ON` with a message in front. */
export function WARN(condition: unknown, format: string, ...args: unknown[]): boolean {
  if (condition) warnHere(vsprintf(machine(), format, args))
  return !!condition
}
/** As `WARN`, the first time at each call site. */
export function WARN_ONCE(condition: unknown, format: string, ...args: unknown[]): boolean {
  if (condition && firstTime()) warnHere(vsprintf(machine(), format, args))
  return !!condition
}

/** Ends the task with an oops when `condition` holds. */
export function BUG_ON(condition: unknown): void {
  if (!condition) return
  report(machine(), { kind: 'oops.bug', title: 'kernel BUG at %f!' })
  throw new TaskDeath('BUG')
}
export function BUG(): void {
  BUG_ON(true)
}
/** Fails the build when `_condition` holds; here it does nothing. */
export function BUILD_BUG_ON(_condition: unknown): void {}
