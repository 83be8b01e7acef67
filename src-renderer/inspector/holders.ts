import type { HoldEdge, ObjectState, StateView } from '../../src-sim/trace/types'
import { kindOf } from '../timeline/kinds'

/** An object of which references are counted, with everybody who has some. */
export interface Counted {
  object: ObjectState
  /** The counted references, oldest first; together they are the object's count. */
  holders: HoldEdge[]
}

export const countedOf = (edges: readonly HoldEdge[], id: number): HoldEdge[] =>
  edges
    .filter((edge) => edge.counted && edge.held === id)
    .sort((a, b) => a.sinceEvent - b.sinceEvent)

/** Devices or modules of a state with their holders; those of the bus come before the released. */
export function countedObjects(view: StateView, kind: 'device' | 'module'): Counted[] {
  return view.objects
    .filter((object) => kindOf(object.type) === kind && (kind === 'module' || object.refs !== null))
    .map((object) => ({ object, holders: countedOf(view.edges, object.id) }))
}

/** Why `rmmod` is refused now, or null when it is not. */
export function whyBusy(module: ObjectState): string | null {
  const state = module.facets.find((facet) => facet.facet === 'state')?.value
  if (state === 'COMING') return 'rmmod answers -EBUSY: its init function has not returned.'
  if (state === 'GOING') return 'rmmod answers -EBUSY: it is being unloaded already.'
  const refs = module.refs ?? 0
  if (module.status === 'freed' || refs <= 0) return null
  return 'rmmod answers -EWOULDBLOCK, “in use”, as long as somebody below holds it.'
}
