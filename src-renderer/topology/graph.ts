import type { HoldEdge, ObjectState, StateView } from '../../src-sim/trace/types'
import { stateOf, type LifeState } from '../inspector/lifecycles'
import { KIND_ORDER, KINDS, kindOf, objectTitle, type ObjectKind } from '../timeline/kinds'

export interface GraphNode {
  /** `o42` for an object, `g:work` for a closed group. */
  readonly id: string
  readonly kind: ObjectKind
  readonly title: string
  readonly type: string
  /** 0 for a group. */
  readonly object: number
  readonly members: number
  readonly state: LifeState | null
  readonly refs: number | null
  /** Its memory is gone, or the memory of what it is embedded in. */
  readonly freed: boolean
}

export interface GraphEdge {
  readonly id: string
  readonly from: string
  readonly to: string
  readonly why: string
  /** A part of its parent, not a hold. */
  readonly part: boolean
  /** Somebody still holds what is freed. */
  readonly dangling: boolean
}

export interface Graph {
  readonly nodes: readonly GraphNode[]
  readonly edges: readonly GraphEdge[]
  /** How many objects were left out by the filter or because nothing is to be said of them. */
  readonly hidden: number
  /** Kinds that are closed, with how many they hold. */
  readonly closed: readonly { kind: ObjectKind; count: number }[]
}

export interface GraphOptions {
  readonly filter: string
  /** Groups that the person opened or closed; the rest is decided by size. */
  readonly opened: ReadonlySet<ObjectKind>
  readonly shut: ReadonlySet<ObjectKind>
  readonly nodesMax: number
}

export const NODES_MAX = 150
/** References by which the driver core keeps its own lists: every device has them. */
const LISTS = new Set([
  'member of the set', 'sysfs directory inside', 'list of the bus', 'list of children', 'list of the class',
])
const CONTEXTS: ReadonlySet<ObjectKind> = new Set(['task', 'interrupt'])
/** These are worth a box even when nothing holds them. */
const ALWAYS: ReadonlySet<ObjectKind> = new Set(['driver', 'module', 'bus', 'file'])

export function buildGraph(state: StateView, options: GraphOptions): Graph {
  const objects = new Map(state.objects.map((object) => [object.id, object]))
  const edges = state.edges.filter((edge) => tells(edge, objects))
  const linked = new Set(edges.flatMap((edge) => [edge.holder, edge.held]))
  const parents = new Set(state.objects.flatMap((o) => (hasParent(o) && interesting(o, linked) ? [o.parent] : [])))
  const shown = state.objects.filter(
    (o) => (interesting(o, linked) || parents.has(o.id)) && matches(o, options.filter),
  )
  const closed = closedKinds(shown, options)
  const nodeOf = (object: ObjectState): string => {
    const kind = kindOf(object.type)
    return closed.has(kind) ? `g:${kind}` : `o${object.id}`
  }
  const names = new Map(shown.map((object) => [object.id, nodeOf(object)]))
  return {
    nodes: nodesOf(shown, closed, objects),
    edges: edgesOf(shown, edges, names, objects),
    hidden: state.objects.length - shown.length,
    closed: [...closed].map(([kind, count]) => ({ kind, count })),
  }
}

/** Directories of sysfs, which the core makes beside what they are about. */
const isDirectory = ({ type, name }: ObjectState): boolean =>
  type === 'kset' || (type === 'kobject' && name === '')

/** What keeps every device alive says nothing about one, unless that one is gone. */
function tells(edge: HoldEdge, objects: ReadonlyMap<number, ObjectState>): boolean {
  const [holder, held] = [objects.get(edge.holder), objects.get(edge.held)]
  if (!holder || !held) return false
  if (held.status === 'freed') return true
  if (isDirectory(holder) || isDirectory(held)) return false
  if (!edge.counted) return true
  return !LISTS.has(edge.why) && !CONTEXTS.has(kindOf(holder.type))
}

/** What made a task is no part of the picture; what an object is embedded in is. */
function hasParent(object: ObjectState): boolean {
  return object.parent > 0 && !CONTEXTS.has(kindOf(object.type))
}

function interesting(object: ObjectState, linked: ReadonlySet<number>): boolean {
  if (linked.has(object.id)) return true
  const kind = kindOf(object.type)
  if (CONTEXTS.has(kind) || kind === 'hardware') return false
  // The structure of a bus around a device says nothing that the device inside does not say.
  if (kind === 'device') return object.refs !== null
  if (object.status === 'freed') return object.facets.length > 0
  if (object.status === 'alive' && kind !== 'lock') return true
  return ALWAYS.has(kind) || object.facets.length > 0
}

function matches(object: ObjectState, filter: string): boolean {
  if (filter === '') return true
  const text = `${object.name} ${object.type} #${object.id} ${object.facets.map((f) => f.value).join(' ')}`
  return text.toLowerCase().includes(filter.toLowerCase())
}

/** Closes the largest groups until the rest can be taken in. */
function closedKinds(shown: readonly ObjectState[], options: GraphOptions): Map<ObjectKind, number> {
  const counts = new Map<ObjectKind, number>()
  for (const object of shown) {
    const kind = kindOf(object.type)
    counts.set(kind, (counts.get(kind) ?? 0) + 1)
  }
  const closed = new Map<ObjectKind, number>()
  let visible = shown.length
  const close = (kind: ObjectKind): void => {
    const count = counts.get(kind)
    if (count === undefined || count < 2 || closed.has(kind)) return
    closed.set(kind, count)
    visible -= count - 1
  }
  options.shut.forEach(close)
  const bySize = [...counts].sort((a, b) => b[1] - a[1] || KIND_ORDER.indexOf(b[0]) - KIND_ORDER.indexOf(a[0]))
  for (const [kind] of bySize) {
    if (visible <= options.nodesMax) break
    if (!options.opened.has(kind)) close(kind)
  }
  return closed
}

function nodesOf(
  shown: readonly ObjectState[], closed: ReadonlyMap<ObjectKind, number>, objects: ReadonlyMap<number, ObjectState>,
): GraphNode[] {
  const nodes: GraphNode[] = []
  for (const object of shown) {
    const kind = kindOf(object.type)
    if (closed.has(kind)) continue
    nodes.push({
      id: `o${object.id}`, kind, title: objectTitle(object), type: object.type, object: object.id, members: 1,
      state: stateOf(object), refs: object.refs,
      freed: [object, objects.get(object.parent)].some((one) => one?.status === 'freed'),
    })
  }
  for (const [kind, count] of closed) {
    nodes.push({
      id: `g:${kind}`, kind, title: `${count} ${KINDS[kind].many.toLowerCase()}`, type: 'group', object: 0,
      members: count, state: null, refs: null, freed: false,
    })
  }
  return nodes
}

function edgesOf(
  shown: readonly ObjectState[], holds: readonly HoldEdge[], names: ReadonlyMap<number, string>,
  objects: ReadonlyMap<number, ObjectState>,
): GraphEdge[] {
  const merged = new Map<string, { from: string; to: string; whys: Map<string, number>; dangling: boolean }>()
  for (const hold of holds) {
    const from = names.get(hold.holder)
    const to = names.get(hold.held)
    if (from === undefined || to === undefined || from === to) continue
    const key = `${from}>${to}`
    const edge = merged.get(key) ?? { from, to, whys: new Map<string, number>(), dangling: false }
    edge.whys.set(hold.why, (edge.whys.get(hold.why) ?? 0) + hold.count)
    edge.dangling ||= objects.get(hold.held)?.status === 'freed'
    merged.set(key, edge)
  }
  const out = [...merged].map(([id, edge]): GraphEdge => ({
    id, from: edge.from, to: edge.to, part: false, dangling: edge.dangling,
    why: [...edge.whys].map(([why, count]) => (count > 1 ? `${why} ×${count}` : why)).join(', '),
  }))
  for (const object of shown) {
    const [from, to] = [names.get(object.parent), names.get(object.id)]
    if (!from || !to || from === to || merged.has(`${from}>${to}`) || merged.has(`${to}>${from}`)) continue
    merged.set(`${from}>${to}`, { from, to, whys: new Map(), dangling: false })
    out.push({ id: `${from}>${to}`, from, to, why: '', part: true, dangling: false })
  }
  return out
}
