import type { EventFilter, LaneInfo } from '../../src-sim/trace/types'
import { KIND_ORDER, KINDS, kindOf, type ObjectKind } from './kinds'

export const GROUP_HEIGHT = 22
export const TRACK_HEIGHT = 16
/** The strip of single events below the tracks of a lane. */
export const POINTS_HEIGHT = 9
const LANE_PAD = 5

export type GroupId = ObjectKind | 'pinned'

export interface GroupRow {
  readonly row: 'group'
  readonly id: GroupId
  readonly title: string
  readonly count: number
  readonly collapsed: boolean
  readonly y: number
  readonly height: number
}

export interface LaneRow {
  readonly row: 'lane'
  readonly group: GroupId
  readonly lane: LaneInfo
  readonly kind: ObjectKind
  readonly pinned: boolean
  readonly y: number
  readonly height: number
}

export type Row = GroupRow | LaneRow

export interface LayoutOptions {
  collapsed: ReadonlySet<string>
  pinned: ReadonlySet<string>
  filter: EventFilter
  /** Multiplies all heights (zoom of the whole window). */
  scale: number
}

export interface LaneLayout {
  readonly rows: readonly Row[]
  readonly height: number
  /** First row of a lane, by lane id. */
  readonly byLane: ReadonlyMap<number, LaneRow>
}

/** A pin outlives the run it was set in, so it names the lane by what it is, not by its number. */
export const pinKey = (lane: LaneInfo): string => `${lane.type}:${lane.name}`

export const tracksOf = (lane: LaneInfo): number => Math.min(8, lane.depth)

export function laneHeight(lane: LaneInfo, scale: number): number {
  return Math.round((tracksOf(lane) * TRACK_HEIGHT + POINTS_HEIGHT + LANE_PAD) * scale)
}

export function layOut(lanes: readonly LaneInfo[], options: LayoutOptions): LaneLayout {
  const groups = new Map<GroupId, LaneInfo[]>()
  const add = (id: GroupId, lane: LaneInfo): void => {
    const list = groups.get(id)
    if (list) list.push(lane)
    else groups.set(id, [lane])
  }
  for (const lane of lanes) {
    if (!passes(lane, options.filter)) continue
    if (options.pinned.has(pinKey(lane))) add('pinned', lane)
    add(kindOf(lane.type, lane.category), lane)
  }
  const rows: Row[] = []
  const byLane = new Map<number, LaneRow>()
  let y = 0
  for (const id of ['pinned', ...KIND_ORDER] as GroupId[]) {
    const list = groups.get(id)
    if (!list) continue
    const collapsed = options.collapsed.has(id)
    const title = id === 'pinned' ? 'Pinned' : KINDS[id].many
    const height = Math.round(GROUP_HEIGHT * options.scale)
    rows.push({ row: 'group', id, title, count: list.length, collapsed, y, height })
    y += height
    if (collapsed) continue
    for (const lane of ordered(list)) {
      const row: LaneRow = {
        row: 'lane', group: id, lane, kind: kindOf(lane.type, lane.category),
        pinned: options.pinned.has(pinKey(lane)), y, height: laneHeight(lane, options.scale),
      }
      rows.push(row)
      if (!byLane.has(lane.id)) byLane.set(lane.id, row)
      y += row.height
    }
  }
  return { rows, height: y, byLane }
}

/** CPUs by number, everything else in the order in which it came to be. */
function ordered(list: readonly LaneInfo[]): LaneInfo[] {
  return [...list].sort((a, b) =>
    a.kind === 'cpu' && b.kind === 'cpu' ? b.subject - a.subject : a.id - b.id,
  )
}

function passes(lane: LaneInfo, filter: EventFilter): boolean {
  if (filter.cpu !== undefined && lane.kind === 'cpu' && lane.subject !== -(filter.cpu + 1)) return false
  if (filter.object !== undefined && lane.kind === 'object' && lane.subject !== filter.object) return false
  if (filter.context !== undefined && lane.kind === 'context' && lane.subject !== filter.context) return false
  if (filter.categories && lane.kind === 'object' && !filter.categories.includes(lane.category)) return false
  if (!filter.text) return true
  const text = filter.text.toLowerCase()
  return `${lane.name} ${lane.type} #${lane.subject}`.toLowerCase().includes(text)
}

/** Index of the row at a height: the last one that starts at or above it. */
export function rowIndexAt(rows: readonly Row[], y: number): number {
  let low = 0
  let high = rows.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (rows[middle]!.y <= y) low = middle + 1
    else high = middle
  }
  return low - 1
}

/** The rows that touch a stretch of the scrolled list. */
export function rowsBetween(rows: readonly Row[], top: number, bottom: number): readonly Row[] {
  const first = Math.max(0, rowIndexAt(rows, top))
  let last = first
  while (last < rows.length && rows[last]!.y < bottom) last++
  return rows.slice(first, last)
}
