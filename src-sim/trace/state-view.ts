import { Cursor } from './cursor'
import { labelObject } from './labels'
import type { Labels } from './labels'
import { isOver } from './state-fold'
import type { Facet, StateFold, Subject } from './state-fold'
import type { TraceStore } from './store'
import type {
  CpuState, FacetState, HoldEdge, ObjectState, SliceState, StateView,
} from './types'

/** Turns a fold into plain data. */
export function viewOf(fold: StateFold, store: TraceStore, labels: Labels): StateView {
  const objects: ObjectState[] = []
  const edges: HoldEdge[] = []
  const cpus: CpuState[] = []
  for (const [id, subject] of fold.subjects) {
    if (isOver(subject)) continue
    const facets = subject.facets.map((f) => facetState(f, labels))
    if (id < 0) {
      const current = facets.find((f) => f.facet === 'current')?.target ?? 0
      cpus.push({ cpu: -id - 1, current, facets })
      continue
    }
    objects.push(objectState(id, subject, facets, labels))
    for (const h of subject.holders) {
      const { holder, counted, count } = h
      const why = labels.show(h.why)
      edges.push({ holder, held: id, why, counted, count, sinceEvent: h.event })
    }
  }
  objects.sort((a, b) => a.id - b.id)
  cpus.sort((a, b) => a.cpu - b.cpu)
  edges.sort((a, b) => a.sinceEvent - b.sinceEvent)
  const event = fold.event
  const at = event < 0 ? null : new Cursor(store)
  at?.seek(event)
  return { event, timeNs: at?.timeNs ?? 0, step: at?.step ?? 0, objects, edges, cpus }
}

function facetState(f: Facet, labels: Labels): FacetState {
  return {
    facet: f.facet, value: labels.show(f.value), target: labelObject(f.value), sinceEvent: f.event,
  }
}

function objectState(
  id: number, subject: Subject, facets: FacetState[], labels: Labels,
): ObjectState {
  const tables = labels.tables
  const slices = subject.slices.map((s): SliceState => {
    return { slice: s.facet, label: labels.show(s.value), sinceEvent: s.event }
  })
  return {
    id,
    type: tables.objectType(id),
    name: subject.name === 0 ? tables.objectName(id) : labels.show(subject.name),
    parent: subject.parent < 0 ? (tables.objectParents[id] ?? 0) : subject.parent,
    status: subject.status,
    allocEvent: subject.allocEvent,
    freeEvent: subject.freeEvent,
    refs: subject.refs,
    facets,
    slices,
  }
}
