import type { WindowData } from '../../src-sim/trace/types'

/** Events in each column over all lanes of a window, as shares of the fullest column. */
export function density(data: WindowData, columns: number): Float32Array {
  const out = new Float32Array(columns)
  const scale = columns / (data.toNs - data.fromNs)
  for (const lane of data.lanes) {
    for (let i = 0; i < lane.pointTimes.length; i++) {
      const column = Math.min(columns - 1, Math.floor(lane.pointTimes[i]! * scale))
      out[column]! += lane.pointCounts[i]!
    }
  }
  // The root keeps quiet stretches visible beside busy ones.
  const most = Math.sqrt(out.reduce((a, b) => Math.max(a, b), 1))
  return out.map((count) => Math.sqrt(count) / most)
}
