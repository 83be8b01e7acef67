import { CATEGORIES, type Category } from '../../src-sim/trace/declare'
import type { WindowData } from '../../src-sim/trace/types'

export interface SpanStat {
  readonly name: string
  readonly category: Category
  readonly count: number
  readonly totalNs: number
  readonly minNs: number
  readonly meanNs: number
  readonly maxNs: number
}

export interface PointStat {
  readonly category: Category
  readonly count: number
}

export interface AreaStats {
  readonly spans: SpanStat[]
  readonly points: PointStat[]
}

interface Sum {
  category: number
  count: number
  total: number
  min: number
  max: number
}

/** Sums up a window by name. Spans that reach out of the area count with their part inside. */
export function areaStats(data: WindowData): AreaStats {
  const sums = new Map<string, Sum>()
  const points = new Uint32Array(CATEGORIES.length)
  const width = data.toNs - data.fromNs
  for (const lane of data.lanes) {
    for (let i = 0; i < lane.starts.length; i++) {
      const length = Math.min(width, lane.ends[i]!) - Math.max(0, lane.starts[i]!)
      add(sums, data.strings[lane.labels[i]!] ?? '', lane.categories[i]!, lane.counts[i]!, length)
    }
    for (let i = 0; i < lane.pointTimes.length; i++) {
      points[lane.pointCategories[i]!]! += lane.pointCounts[i]!
    }
  }
  const spans = [...sums].map(([name, sum]): SpanStat => ({
    name, category: CATEGORIES[sum.category]!, count: sum.count, totalNs: sum.total, minNs: sum.min,
    meanNs: sum.total / sum.count, maxNs: sum.max,
  }))
  spans.sort((a, b) => b.totalNs - a.totalNs || (a.name < b.name ? -1 : 1))
  const counted = CATEGORIES.map((category, i) => ({ category, count: points[i]! }))
  return { spans, points: counted.filter((one) => one.count > 0).sort((a, b) => b.count - a.count) }
}

/** A merged span stands for several that start in one nanosecond: all but one have no length. */
function add(sums: Map<string, Sum>, name: string, category: number, count: number, length: number): void {
  const sum = sums.get(name)
  const low = count > 1 ? 0 : length
  if (!sum) {
    sums.set(name, { category, count, total: length, min: low, max: length })
    return
  }
  sum.count += count
  sum.total += length
  sum.min = Math.min(sum.min, low)
  sum.max = Math.max(sum.max, length)
}
