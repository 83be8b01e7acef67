import type { LaneWindow, WindowData } from '../../src-sim/trace/types'

/**
 * One lane of an answered window, made ready for drawing: the spans of row `d` are those from
 * `offsets[d]` to `offsets[d + 1]`, in the order of time.
 */
export interface PreparedLane {
  readonly window: LaneWindow
  readonly fromNs: number
  readonly toNs: number
  /** Nanoseconds that were merged into one span at most. */
  readonly pixelNs: number
  readonly strings: readonly string[]
  readonly offsets: Uint32Array
  /** Palette index of each span. */
  readonly styles: Uint8Array
}

/** Task states are letters in the trace, as the tracepoint has them. */
const LETTERS: Record<string, string> = {
  R: 'ready', 'R+': 'ready', S: 'sleeping', D: 'sleeping (D)', I: 'idle', X: 'dead', Z: 'zombie', P: 'parked', T: 'stopped', t: 'traced',
}

export const labelText = (label: string): string => LETTERS[label] ?? label

export type StyleOf = (category: number, label: string) => number

export function prepare(data: WindowData, widthPx: number, styleOf: StyleOf): PreparedLane[] {
  const pixelNs = (data.toNs - data.fromNs) / widthPx
  const strings = data.strings.map(labelText)
  return data.lanes.map((window) => {
    const { depths, categories, labels } = window
    const rows = depths.length > 0 ? depths[depths.length - 1]! + 1 : 0
    const offsets = new Uint32Array(rows + 1)
    for (let i = 0; i < depths.length; i++) offsets[depths[i]! + 1]!++
    for (let d = 0; d < rows; d++) offsets[d + 1]! += offsets[d]!
    const styles = new Uint8Array(depths.length)
    for (let i = 0; i < depths.length; i++) {
      styles[i] = styleOf(categories[i]!, data.strings[labels[i]!] ?? '')
    }
    return { window, fromNs: data.fromNs, toNs: data.toNs, pixelNs, strings, offsets, styles }
  })
}

/** First index in `[low, high)` whose value is greater than `value`. */
export function upperBound(values: ArrayLike<number>, value: number, low: number, high: number): number {
  while (low < high) {
    const middle = (low + high) >>> 1
    if (values[middle]! <= value) low = middle + 1
    else high = middle
  }
  return low
}
