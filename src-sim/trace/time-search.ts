import { CHUNK_BITS, CHUNK_EVENTS } from './chunk'
import type { TraceStore } from './store'

export function timeOf(store: TraceStore, event: number): number {
  return store.chunks[event >> CHUNK_BITS]!.timeAt(event & (CHUNK_EVENTS - 1))
}

export function stepOf(store: TraceStore, event: number): number {
  return store.chunks[event >> CHUNK_BITS]!.stepAt(event & (CHUNK_EVENTS - 1))
}

/** Index of the first event whose `key` (never falling) is not below `value`. */
function search(store: TraceStore, value: number, key: typeof timeOf): number {
  let low = 0
  let high = store.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (key(store, middle) < value) low = middle + 1
    else high = middle
  }
  return low
}

export const firstAtTime = (store: TraceStore, ns: number): number => search(store, ns, timeOf)
export const firstAtStep = (store: TraceStore, step: number): number => search(store, step, stepOf)
