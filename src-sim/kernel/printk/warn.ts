import type { Machine } from '../../engine/machine'
import { NO_POSITION } from '../../engine/position'
import { report, resolveFrame, takeStack, taskText, type Report } from '../report'
import { now } from '../../engine/current'

/**
 * `WARN`: the kernel core says that it was used wrongly, and goes on. Printed as
 * `WARNING: <where>` with the text under it; the finding's kind is `warn.<what>`.
 *
 * `source` is where the real kernel prints it from, e.g. `kernel/kthread.c at kthread_park`; `%f`
 * is the calling function, which an inline function is part of. It speaks each time, unless
 * `printsOnce` makes it a WARN_ONCE.
 */
export function warn(
  machine: Machine,
  what: string,
  source: string,
  text: string | null,
  more: Partial<Report> = {},
): void {
  const inside = source.split(' at ')[1] ?? ''
  const at = takeStack(machine, now.exec, inside === '%f' ? '' : inside)
  report(machine, {
    kind: `warn.${what}`,
    title: `WARNING: ${source}`,
    ...frame(text),
    at,
    level: 4,
    printsAgain: !more.printsOnce,
    ...more,
  })
}

/** `, CPU#0: insmod/1` at the end of a warning's first line. */
export function byWhom(): string {
  const cpu = now.exec?.cpu ?? null
  return `, CPU#${cpu?.id ?? 0}: ${taskText(cpu)}`
}

/** What stands around a warning: rulers, the text, and who did it. */
function frame(text: string | null): Pick<Report, 'before' | 'titleEnd' | 'tail'> {
  return {
    before: ['------------[ cut here ]------------', ...(text === null ? [] : [text])],
    titleEnd: byWhom(),
    tail: ['---[ end trace 0000000000000000 ]---'],
  }
}

/** `FILE:LINE` of the lab code that is running; 'kernel' where none is. */
export function placeHere(machine: Machine): string {
  const frame = takeStack(machine).frames[0]
  const { file, line } = resolveFrame(machine, frame ?? NO_POSITION)
  return file === null ? 'kernel' : `${file}:${line}`
}

/** A WARN that is a macro in C: it stands at its caller's place, and speaks every time. */
export function warnHere(
  machine: Machine,
  what: string,
  text: string | null,
  more: Partial<Report> = {},
): void {
  report(machine, {
    kind: `warn.${what}`,
    title: `WARNING: ${placeHere(machine)} at %f`,
    ...frame(text),
    level: 4,
    once: false,
    ...more,
  })
}
