import { columnOf, fileOf, lineOf } from '../../engine/position'
import type { Trace } from '../trace'
import { Arguments } from './arguments'
import { batches, oneLine } from './batches'

/** For people: one line an event in fixed columns, times in seconds with nine decimals. */
export function* exportText(trace: Trace): Iterable<string> {
  const args = new Arguments(trace)
  const { events, tables } = trace.store
  const at = trace.cursor()
  yield '#          time  cpu  context               event                     fields\n'
  yield* batches(() => {
    if (!at.next()) return null
    const { comm, pid } = args.context(at.context)
    const p = at.position
    const file = p === 0 ? undefined : tables.files.get(fileOf(p))
    const source = file ? `  (${file.path}:${lineOf(p)}:${columnOf(p)})` : ''
    const who = `${comm}-${pid}`.padEnd(20)
    const name = events[at.kind]!.name.padEnd(24)
    const line =
      `[${seconds(at.timeNs, 9)}] ${cpu(at.cpu)}  ${who}  ${name}  ${args.text(at)}${source}`
    return `${oneLine(line.trimEnd())}\n`
  })
}

const cpu = (n: number): string => String(n).padStart(3)

/** Seconds with `digits` decimals (9 or less), in 15 columns. */
export function seconds(ns: number, digits: number): string {
  const whole = Math.floor(ns / 1e9)
  const rest = String(ns - whole * 1e9).padStart(9, '0').slice(0, digits)
  return `${String(whole).padStart(14 - digits)}.${rest}`
}
