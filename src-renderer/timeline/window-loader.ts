import type { WindowData, WindowFlows, WindowRequest } from '../../src-sim/trace/types'
import { prepare, type PreparedLane, type StyleOf } from './prepared'
import type { TimeView } from './time-scale'

export interface Need {
  readonly view: TimeView
  readonly widthPx: number
  readonly lanes: readonly number[]
  /** Grows with the trace: what was read at another version is out of date. */
  readonly version: number
}

interface Entry {
  readonly lane: PreparedLane
  readonly version: number
}

/** A window is asked for with this many widths of it on each side, so that panning finds data. */
const SIDE = 1
/** The answer is used until the picture is zoomed in by more than this. */
const COARSE = 1.6
const FINE = 0.12
const ENTRIES_MAX = 600

/**
 * Keeps what was last read of every lane, and reads again what no longer suits. At most one request
 * is on its way; meanwhile only the newest need counts, and the old data stays on the screen.
 */
export class WindowLoader {
  flows: WindowFlows | null = null
  flowsFromNs = 0
  error: string | null = null
  readonly #fetch: (request: WindowRequest) => Promise<WindowData>
  readonly #styleOf: StyleOf
  readonly #changed: () => void
  readonly #entries = new Map<number, Entry>()
  #busy = false
  #next: Need | null = null
  #generation = 0

  constructor(fetch: (request: WindowRequest) => Promise<WindowData>, styleOf: StyleOf, changed: () => void) {
    this.#fetch = fetch
    this.#styleOf = styleOf
    this.#changed = changed
  }

  get busy(): boolean {
    return this.#busy
  }

  lane(id: number): PreparedLane | undefined {
    return this.#entries.get(id)?.lane
  }

  /** Forgets everything, also what is on its way. */
  reset(): void {
    this.#generation++
    this.#entries.clear()
    this.#next = null
    this.#busy = false
    this.flows = null
    this.error = null
  }

  want(need: Need): void {
    if (this.#busy) {
      this.#next = need
      return
    }
    // All lanes are read together, since the arrows of an answer are those of its lanes only.
    if (need.lanes.some((id) => !this.#suits(this.#entries.get(id), need))) void this.#load(need)
  }

  #suits(entry: Entry | undefined, need: Need): boolean {
    if (!entry || entry.version !== need.version) return false
    const { lane } = entry
    const { fromNs, toNs } = need.view
    if (lane.fromNs > Math.max(0, fromNs) || lane.toNs < toNs) return false
    const pixelNs = (toNs - fromNs) / need.widthPx
    return lane.pixelNs <= Math.max(pixelNs * COARSE, 1) && lane.pixelNs >= pixelNs * FINE
  }

  async #load(need: Need): Promise<void> {
    const generation = this.#generation
    const request = requestFor(need)
    this.#busy = true
    try {
      const data = await this.#fetch(request)
      if (generation !== this.#generation) return
      for (const lane of prepare(data, request.widthPx, this.#styleOf)) this.#keep(lane, need.version)
      this.flows = data.flows
      this.flowsFromNs = data.fromNs
      this.error = null
    } catch (error) {
      if (generation !== this.#generation) return
      this.error = error instanceof Error ? error.message : String(error)
      this.#next = null
    }
    this.#busy = false
    const next = this.#next
    this.#next = null
    if (next) this.want(next)
    this.#changed()
  }

  #keep(lane: PreparedLane, version: number): void {
    const id = lane.window.lane
    this.#entries.delete(id)
    this.#entries.set(id, { lane, version })
    for (const old of this.#entries.keys()) {
      if (this.#entries.size <= ENTRIES_MAX) break
      this.#entries.delete(old)
    }
  }
}

export function requestFor(need: Need): WindowRequest {
  const span = need.view.toNs - need.view.fromNs
  return {
    fromNs: Math.max(0, Math.floor(need.view.fromNs - span * SIDE)),
    toNs: Math.ceil(need.view.toNs + span * SIDE),
    widthPx: Math.max(1, Math.round(need.widthPx * (1 + 2 * SIDE))),
    lanes: [...need.lanes],
    flows: true,
  }
}
