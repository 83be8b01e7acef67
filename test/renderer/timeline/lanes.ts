import type { LaneInfo, LaneWindow, WindowData } from '../../../src-sim/trace/types'

/** Lanes and windows by hand, for tests of what is drawn from them. */
export function lane(id: number, more: Partial<LaneInfo> = {}): LaneInfo {
  return {
    id, kind: 'object', subject: id + 100, type: 'work_struct', name: `w${id}`, parent: 0, category: 'workqueue',
    depth: 1, rows: ['queued'], events: 3, ...more,
  }
}

export function laneWindow(
  id: number, spans: readonly (readonly [start: number, end: number, depth?: number, label?: number, count?: number])[],
  points: readonly number[] = [],
): LaneWindow {
  return {
    lane: id,
    starts: Float64Array.from(spans, (s) => s[0]),
    ends: Float64Array.from(spans, (s) => s[1]),
    depths: Uint8Array.from(spans, (s) => s[2] ?? 0),
    categories: Uint8Array.from(spans, () => 4),
    events: Uint32Array.from(spans, (_, i) => i + 10),
    labels: Uint32Array.from(spans, (s) => s[3] ?? 0),
    counts: Uint32Array.from(spans, (s) => s[4] ?? 1),
    pointTimes: Float64Array.from(points),
    pointEvents: Uint32Array.from(points, (_, i) => i + 50),
    pointCategories: Uint8Array.from(points, () => 1),
    pointCounts: Uint32Array.from(points, () => 1),
  }
}

export const NO_FLOWS = {
  fromTimes: new Float64Array(0), toTimes: new Float64Array(0), fromLanes: new Int32Array(0),
  toLanes: new Int32Array(0), fromEvents: new Uint32Array(0), toEvents: new Uint32Array(0),
}

export function windowData(fromNs: number, toNs: number, lanes: LaneWindow[], strings = ['a', 'b']): WindowData {
  return { fromNs, toNs, lanes, strings, flows: NO_FLOWS }
}
