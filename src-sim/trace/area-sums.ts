import { CHUNK_BITS, CHUNK_EVENTS } from './chunk'
import type { Category } from './declare'
import { OPEN } from './timeline'
import type { Trace } from './trace'

export interface AreaQuery {
  fromNs: number
  toNs: number
  /** Lane ids. */
  lanes: readonly number[]
}

export interface SpanSum {
  name: string
  category: Category
  count: number
  totalNs: number
  minNs: number
  maxNs: number
}

export interface EventSum {
  name: string
  category: Category
  count: number
}

/** What happened in a stretch of time: spans of some lanes by name, and all events by name. */
export interface AreaSums {
  spans: SpanSum[]
  events: EventSum[]
}

/** Sums up exactly. Spans that reach out of the stretch count with their part inside. */
export function areaSums(trace: Trace, query: AreaQuery): AreaSums {
  return { spans: spanSums(trace, query), events: eventSums(trace, query) }
}

function spanSums(trace: Trace, { fromNs, toNs, lanes }: AreaQuery): SpanSum[] {
  const sums = new Map<string, SpanSum>()
  const first = trace.indexAtTime(fromNs)
  const { timeline } = trace
  for (const id of lanes) {
    const lane = timeline.lanes[id]
    if (lane === undefined) continue
    for (const { starts, ends, labels } of [...lane.facets, ...lane.slices]) {
      for (let i = Math.max(0, starts.lowerBound(first) - 1); i < starts.length; i++) {
        const start = trace.timeNs(starts.data[i]!)
        if (start >= toNs) break
        const end = ends.data[i] === OPEN ? toNs : Math.min(toNs, trace.timeNs(ends.data[i]!))
        if (end < fromNs || (end === fromNs && start < fromNs)) continue
        const category = categoryOf(trace, starts.data[i]!)
        add(sums, trace.labels.show(labels.data[i]!), category, end - Math.max(fromNs, start))
      }
    }
  }
  return [...sums.values()].sort((a, b) => b.totalNs - a.totalNs || (a.name < b.name ? -1 : 1))
}

function categoryOf({ store }: Trace, event: number): Category {
  const chunk = store.chunks[event >> CHUNK_BITS]!
  return store.events[chunk.kind[event & (CHUNK_EVENTS - 1)]!]!.category
}

function add(sums: Map<string, SpanSum>, name: string, category: Category, ns: number): void {
  const sum = sums.get(name)
  if (sum === undefined) {
    sums.set(name, { name, category, count: 1, totalNs: ns, minNs: ns, maxNs: ns })
    return
  }
  sum.count++
  sum.totalNs += ns
  sum.minNs = Math.min(sum.minNs, ns)
  sum.maxNs = Math.max(sum.maxNs, ns)
}

function eventSums(trace: Trace, { fromNs, toNs }: AreaQuery): EventSum[] {
  const counts = new Map<number, number>()
  const end = trace.indexAtTime(toNs)
  const at = trace.cursor(trace.indexAtTime(fromNs))
  while (at.index + 1 < end && at.next()) counts.set(at.kind, (counts.get(at.kind) ?? 0) + 1)
  const sums = [...counts].map(([kind, count]): EventSum => {
    const { name, category } = trace.store.events[kind]!
    return { name, category, count }
  })
  return sums.sort((a, b) => b.count - a.count || (a.name < b.name ? -1 : 1))
}
