import type { Machine } from '../../engine/machine'
import { report, takeStack, type Report } from '../report'
import { now } from '../../engine/current'

/**
 * `WARN`: the kernel core says that it was used wrongly, and goes on. Printed as
 * `WARNING: <where>` with the text under it; the finding's kind is `warn.<what>`.
 *
 * `source` is where the real kernel prints it from, e.g. `kernel/kthread.c at kthread_park`.
 */
export function warn(
  machine: Machine,
  what: string,
  source: string,
  text: string | null,
  more: Partial<Report> = {},
): void {
  const at = takeStack(machine, now.exec, source.split(' at ')[1] ?? '')
  report(machine, {
    kind: `warn.${what}`,
    title: `WARNING: ${source}`,
    before: ['------------[ cut here ]------------', ...(text === null ? [] : [text])],
    at,
    level: 4,
    ...more,
  })
}
