import type { Trace } from '../trace'
import { Arguments } from './arguments'
import { batches } from './batches'

/** A table for spreadsheets (RFC 4180): the fields of an event are one column of text. */
export function* exportCsv(trace: Trace): Iterable<string> {
  const args = new Arguments(trace)
  const { events } = trace.store
  const at = trace.cursor()
  yield 'index,time_ns,step,cpu,comm,pid,category,event,fields\r\n'
  yield* batches(() => {
    if (!at.next()) return null
    const { comm, pid } = args.context(at.context)
    const { name, category } = events[at.kind]!
    const where = `${at.index},${at.timeNs},${at.step},${at.cpu},${quoted(comm)},${pid}`
    return `${where},${category},${name},${quoted(args.text(at))}\r\n`
  })
}

function quoted(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
