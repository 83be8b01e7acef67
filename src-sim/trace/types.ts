import type { Category } from './declare'

/**
 * What readers answer with. Everything here is plain data and typed arrays: it passes through
 * structured clone, so the same shapes serve the kernel worker and the screen.
 */

export type ArgValue = number | string | boolean

export interface EventRecord {
  readonly index: number
  readonly timeNs: number
  readonly step: number
  readonly cpu: number
  readonly context: number
  /** Source position, 0 when there is none. */
  readonly position: number
  readonly name: string
  readonly category: Category
  /** Values in the order of the declared fields. */
  readonly args: readonly ArgValue[]
}

export interface EventFilter {
  readonly names?: readonly string[]
  readonly categories?: readonly Category[]
  readonly object?: number
  readonly context?: number
  readonly cpu?: number
  /** Part of the event's name, of a text in it, or of the name of an object in it. */
  readonly text?: string
  readonly fromNs?: number
  readonly toNs?: number
}

export type ObjectStatus = 'alive' | 'freed' | 'static'

export interface FacetState {
  readonly facet: string
  readonly value: string
  /** The object that is the value ("held by ..."), 0 when the value is a text. */
  readonly target: number
  readonly sinceEvent: number
}

export interface SliceState {
  readonly slice: string
  readonly label: string
  readonly sinceEvent: number
}

export interface ObjectState {
  readonly id: number
  readonly type: string
  readonly name: string
  readonly parent: number
  /** `static`: nobody said when it was allocated (embedded in its parent, or always there). */
  readonly status: ObjectStatus
  readonly allocEvent: number
  readonly freeEvent: number
  readonly refs: number | null
  readonly facets: readonly FacetState[]
  /** For contexts: what is being executed, outermost first. */
  readonly slices: readonly SliceState[]
}

/**
 * "`holder` holds `held` because of `why`", `count` times. The holder is an object, a module or a
 * context. Where a count is kept (devices, kobjects, krefs, modules, open files) each reference is
 * an edge that is `counted`: those of an object add up to its `refs`, unless somebody has put too
 * often. Counted edges of a live module say why `rmmod` answers that it is in use. The other edges
 * are pointers that keep nothing alive ('driver text', 'file operations', 'driver binding' ...).
 */
export interface HoldEdge {
  readonly holder: number
  readonly held: number
  readonly why: string
  readonly counted: boolean
  readonly count: number
  /** The event that took it first. */
  readonly sinceEvent: number
}

export interface CpuState {
  readonly cpu: number
  /** The context that runs on it, 0 when nobody said. */
  readonly current: number
  readonly facets: readonly FacetState[]
}

/** Everything that holds right after an event. */
export interface StateView {
  readonly event: number
  readonly timeNs: number
  readonly step: number
  readonly objects: readonly ObjectState[]
  readonly edges: readonly HoldEdge[]
  readonly cpus: readonly CpuState[]
}

export type LaneKind = 'cpu' | 'context' | 'object'

export interface LaneInfo {
  readonly id: number
  readonly kind: LaneKind
  /** Object id (contexts are objects); for a CPU -(cpu + 1). */
  readonly subject: number
  /** Type of the object, kind of the context, or 'cpu'. */
  readonly type: string
  readonly name: string
  readonly parent: number
  readonly category: Category
  /** Rows the lane needs, and what the rows of facets are called. */
  readonly depth: number
  readonly rows: readonly string[]
  readonly events: number
}

export interface WindowRequest {
  readonly fromNs: number
  readonly toNs: number
  readonly widthPx: number
  /** Lane ids. */
  readonly lanes: readonly number[]
  readonly flows?: boolean
}

/** One lane of a window. Times are relative to `fromNs` of the window. */
export interface LaneWindow {
  readonly lane: number
  readonly starts: Float64Array
  readonly ends: Float64Array
  readonly depths: Uint8Array
  /** Index into CATEGORIES. */
  readonly categories: Uint8Array
  /** The event that opened the span. */
  readonly events: Uint32Array
  /** Index into `strings` of the window. */
  readonly labels: Uint32Array
  /** Spans that were merged into this one: 1 when it is shown as it is. */
  readonly counts: Uint32Array
  readonly pointTimes: Float64Array
  readonly pointEvents: Uint32Array
  readonly pointCategories: Uint8Array
  readonly pointCounts: Uint32Array
}

export interface WindowFlows {
  readonly fromTimes: Float64Array
  readonly toTimes: Float64Array
  readonly fromLanes: Int32Array
  readonly toLanes: Int32Array
  readonly fromEvents: Uint32Array
  readonly toEvents: Uint32Array
}

export interface WindowData {
  readonly fromNs: number
  readonly toNs: number
  readonly lanes: readonly LaneWindow[]
  readonly strings: readonly string[]
  readonly flows: WindowFlows
}
