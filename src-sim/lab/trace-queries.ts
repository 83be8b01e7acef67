import type { EventFilter, EventRecord, WindowRequest } from '../trace/types'
import type { KernelApi } from '../protocol'
import { areaSums, type AreaQuery } from '../trace/area-sums'
import type { LaneQuery, Trace } from '../trace/trace'

export type TraceQueries = Pick<
  KernelApi,
  'lanes' | 'window' | 'events' | 'state' | 'objectHistory' | 'neighbour'
>

/** A page of the event list, with the names that its numbers stand for. */
export interface EventsQuery {
  filter?: EventFilter
  from: number
  limit: number
  /** Answer only the indices of all events that pass. */
  indices?: boolean
}

export interface NeighbourQuery {
  event: number
  lane?: number
  object?: number
  backward?: boolean
  /** Follow the arrow of cause and effect instead. */
  link?: boolean
}

/** The read-only half of the protocol: everything that panels ask about a trace. */
export function traceQueries(need: () => Trace, maybe: () => Trace | null): TraceQueries {
  return {
    lanes: async (query?: LaneQuery) => {
      const trace = maybe()
      if (!trace || trace.length === 0) return { lanes: [], fromNs: 0, toNs: 0, events: 0 }
      return { lanes: trace.lanes(query ?? {}), ...trace.range, events: trace.length }
    },
    window: async (query) => need().window(query as WindowRequest),
    events: async (query) => {
      const { area } = query as { area?: AreaQuery }
      return area ? areaSums(need(), area) : eventsPage(need(), query as EventsQuery)
    },
    state: async (at) => {
      const trace = need()
      const event = 'event' in at ? at.event : trace.indexAtStep(at.step)
      return trace.stateAt(Math.max(0, event))
    },
    objectHistory: async (id) => ({ events: need().objectHistory(id) }),
    neighbour: async (query) => neighbour(need(), query as NeighbourQuery),
  } as TraceQueries
}

function neighbour(trace: Trace, query: NeighbourQuery): number | null {
  const { event, lane, object, backward = false, link } = query
  let found = -1
  if (link) {
    const links = trace.links(event)
    found = (backward ? links.causes : links.effects)[0] ?? -1
  } else if (object !== undefined) found = trace.nextOfObject(object, event, backward)
  else if (lane !== undefined) found = trace.nextInLane(lane, event, backward)
  return found < 0 ? null : found
}

function eventsPage(trace: Trace, query: EventsQuery): unknown {
  const { filter, from, limit } = query
  if (query.indices) return { indices: trace.select(filter ?? {}, from), total: trace.length }
  const records: EventRecord[] = filter
    ? [...trace.select(filter, from, limit)].map((i) => trace.event(i))
    : trace.events(from, Math.min(trace.length, from + limit))
  const fields: Record<string, unknown> = {}
  const objects: Record<number, { type: string; name: string }> = {}
  const { tables } = trace.store
  for (const record of records) {
    const event = trace.store.events.find((e) => e.name === record.name)!
    fields[record.name] ??= event.fields.map((f) => ({ name: f.name, type: f.type, unit: f.unit }))
    event.fields.forEach((f, i) => {
      const id = record.args[i]
      if ((f.type === 'obj' || f.type === 'ctx') && typeof id === 'number' && id > 0)
        objects[id] ??= { type: tables.objectType(id), name: tables.objectName(id) }
    })
    if (record.context > 0)
      objects[record.context] ??= {
        type: tables.objectType(record.context),
        name: tables.objectName(record.context),
      }
  }
  const files: Record<number, string> = {}
  for (const [index, file] of tables.files) files[index] = file.path
  return { records, fields, objects, files, total: trace.length }
}
