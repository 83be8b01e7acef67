import type { EventFilter, EventRecord, LaneInfo, StateView, WindowData, WindowRequest } from '../../src-sim/trace/types'
import type { AreaQuery, AreaSums } from '../../src-sim/trace/area-sums'
import { useKernel } from '../workbench/stores'

/** All lanes of the trace, and how far it reaches. */
export interface LanesAnswer {
  lanes: LaneInfo[]
  fromNs: number
  toNs: number
  events: number
}

export interface FieldInfo {
  name: string
  type: string
  unit: string
}

export interface NamedObject {
  type: string
  name: string
}

/** A page of events with the names that its numbers stand for. */
export interface EventsAnswer {
  records: EventRecord[]
  fields: Record<string, FieldInfo[]>
  objects: Record<number, NamedObject>
  files: Record<number, string>
  total: number
}

export interface NeighbourQuery {
  event: number
  lane?: number
  object?: number
  backward?: boolean
  /** Follow the arrow of cause and effect instead. */
  link?: boolean
}

/** What the panels ask about a trace. */
export interface TraceQueries {
  lanes(): Promise<LanesAnswer>
  window(request: WindowRequest): Promise<WindowData>
  events(from: number, limit: number, filter?: EventFilter): Promise<EventsAnswer>
  /** Indices of all events that pass. */
  select(filter: EventFilter): Promise<Uint32Array>
  /** What happened in a stretch of time, summed up by name. */
  sums(area: AreaQuery): Promise<AreaSums>
  state(event: number): Promise<StateView>
  history(object: number): Promise<Uint32Array>
  neighbour(query: NeighbourQuery): Promise<number | null>
}

/** The protocol leaves the shapes of trace answers open; here they get their types. */
export function useQueries(): TraceQueries {
  const { api } = useKernel()
  return {
    lanes: async () => lanesOf(await api.lanes()),
    window: async (request) => (await api.window(request)) as WindowData,
    events: async (from, limit, filter) =>
      (await api.events({ from, limit, ...(filter && { filter }) })) as EventsAnswer,
    select: async (filter) => {
      const answer = await api.events({ from: 0, limit: 0, filter, indices: true })
      return (answer as { indices: Uint32Array }).indices
    },
    sums: async (area) => (await api.events({ area })) as AreaSums,
    state: async (event) => (await api.state({ event })) as StateView,
    history: async (object) => ((await api.objectHistory(object)) as { events: Uint32Array }).events,
    neighbour: (query) => api.neighbour(query),
  }
}

const NO_LANES: LanesAnswer = { lanes: [], fromNs: 0, toNs: 0, events: 0 }

function lanesOf(answer: unknown): LanesAnswer {
  return answer && typeof answer === 'object' && 'lanes' in answer ? (answer as LanesAnswer) : NO_LANES
}
