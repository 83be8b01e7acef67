import { columnOf, fileOf, lineOf } from '../../engine/position'
import type { Trace } from '../trace'
import { Arguments } from './arguments'
import { batches } from './batches'

/** One JSON object a line for each event. */
export function* exportNdjson(trace: Trace): Iterable<string> {
  const args = new Arguments(trace)
  const { events, tables } = trace.store
  const heads = events.map((e) => `"event":${JSON.stringify(e.name)},"category":"${e.category}"`)
  const at = trace.cursor()
  yield* batches(() => {
    if (!at.next()) return null
    const { comm, pid } = args.context(at.context)
    const p = at.position
    const file = p === 0 ? undefined : tables.files.get(fileOf(p))
    const source = file
      ? `,"source":${JSON.stringify(`${file.path}:${lineOf(p)}:${columnOf(p)}`)}`
      : ''
    const members = args.members(at)
    return (
      `{"index":${at.index},"time_ns":${at.timeNs},"step":${at.step},"cpu":${at.cpu},` +
      `"comm":${JSON.stringify(comm)},"pid":${pid},${heads[at.kind]}${source},` +
      `"args":{${members}}}\n`
    )
  })
}
