import type { Position } from '../../engine/position'
import type { Machine } from '../../engine/machine'
import type { RawStack } from '../../engine/finding'
import { addressOf, hex16 } from '../../kernel/printk/format'
import { lockOfMap } from '../../kernel/locking/map'
import { report, traceLines, whereText, type ReportStack } from '../../kernel/report'
import { classText } from './classes'
import { holderName, type HeldLock, type Holder } from './held'
import type { Lockdep } from './lockdep'

const RELEASE = '7.2.13 Not tainted'

function placeText(machine: Machine, place: Position, caller: string): string {
  const frames = place === 0 ? [caller || 'unknown'] : [place]
  return whereText(machine, { context: '', pid: 0, cpu: 0, timeNs: 0, step: 0, frames })
}

/** `ADDR (NAME){uuuu}-{O:I}, at: FUNC+0x..`. */
export function lockLine(machine: Machine, lock: HeldLock): string {
  const address = hex16(addressOf(machine, lockOfMap(lock.map)))
  return `${address} ${classText(lock.class)}, at: ${placeText(machine, lock.place, lock.caller)}`
}

/** `N locks held by COMM/PID:` and one line each. */
export function heldLines(machine: Machine, holder: Holder): string[] {
  const { locks } = holder
  const who = holderName(holder)
  if (locks.length === 0) return [`no locks held by ${who}.`]
  return [
    `${locks.length} lock${locks.length > 1 ? 's' : ''} held by ${who}:`,
    ...locks.map((lock, i) => ` #${i}: ${lockLine(machine, lock)}`),
  ]
}

export const stackLines = (machine: Machine, stack: RawStack | null | undefined): string[] =>
  stack ? traceLines(machine, stack).map((line) => `      ${line}`) : []

export interface LockReport {
  kind: string
  header: string
  body: string[]
  stacks?: ReportStack[]
  objects?: object[]
  rules: string[]
  /** Whether more of it from the same place is only counted (the default). */
  once?: boolean
}

/**
 * Prints a report in lockdep's frame and switches lockdep off; nothing when it was off already.
 * Rulers are as wide as the header line.
 */
export function lockReport(lockdep: Lockdep, r: LockReport): void {
  if (!lockdep.locking.debugLocksOff()) return
  print(lockdep.machine, r)
}

/** The same for reports that leave lockdep on. */
export function lockWarning(lockdep: Lockdep, r: LockReport): void {
  if (lockdep.locking.debugLocks) print(lockdep.machine, r)
}

function print(machine: Machine, r: LockReport): void {
  const width = Math.max(r.header.length, 20)
  report(machine, {
    kind: r.kind,
    before: ['', '='.repeat(width)],
    title: r.header,
    details: [RELEASE, '-'.repeat(width), ...r.body, '', 'stack backtrace:'],
    stacks: r.stacks ?? [],
    objects: r.objects ?? [],
    rules: r.rules,
    once: r.once ?? true,
    level: 4,
    help: 'lockdep',
  })
}

/** Two columns of what two CPUs do, as under `Possible unsafe locking scenario:`. */
export function scenario(rows: readonly [left: string, right: string][]): string[] {
  return [
    '       CPU0                    CPU1',
    '       ----                    ----',
    ...rows.map(([left, right]) =>
      right === '' ? `  ${left}` : `${`  ${left}`.padEnd(31)}${right}`,
    ),
    '',
    ' *** DEADLOCK ***',
    '',
  ]
}
