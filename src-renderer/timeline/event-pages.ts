import type { EventFilter, EventRecord } from '../../src-sim/trace/types'
import type { EventsAnswer } from './queries'

export const PAGE_ROWS = 128
const PAGES_MAX = 60

export interface PageRow {
  readonly record: EventRecord
  readonly page: EventsAnswer
}

type Fetch = (from: number, limit: number, filter?: EventFilter) => Promise<EventsAnswer>

/** Pages of the event list, read when a row of them is shown; the newest need goes first. */
export class EventPages {
  error = ''
  readonly #fetch: Fetch
  readonly #changed: () => void
  readonly #pages = new Map<number, EventsAnswer>()
  #busy = false
  #next: { page: number; from: number; filter?: EventFilter } | null = null
  #generation = 0

  constructor(fetch: Fetch, changed: () => void) {
    this.#fetch = fetch
    this.#changed = changed
  }

  clear(): void {
    this.#generation++
    this.#pages.clear()
    this.#next = null
    this.#busy = false
    this.error = ''
  }

  /**
   * The record of a row, or undefined while it is being read. `eventOf` tells the event of a row,
   * which with a filter is another number.
   */
  at(row: number, eventOf: (row: number) => number, filter?: EventFilter): PageRow | undefined {
    const page = Math.floor(row / PAGE_ROWS)
    const known = this.#pages.get(page)
    if (!known) this.#ask(page, eventOf(page * PAGE_ROWS), filter)
    const record = known?.records[row - page * PAGE_ROWS]
    // A run that goes on makes the last page longer than it was when it was read.
    if (known && !record && known.total < eventOf(row) + 1) this.#ask(page, eventOf(page * PAGE_ROWS), filter)
    return known && record ? { record, page: known } : undefined
  }

  #ask(page: number, from: number, filter?: EventFilter): void {
    if (this.#busy) {
      this.#next = { page, from, ...(filter && { filter }) }
      return
    }
    void this.#load(page, from, filter)
  }

  async #load(page: number, from: number, filter?: EventFilter): Promise<void> {
    const generation = this.#generation
    this.#busy = true
    try {
      const answer = await this.#fetch(from, PAGE_ROWS, filter)
      if (generation !== this.#generation) return
      this.#pages.set(page, answer)
      this.error = ''
      for (const old of this.#pages.keys()) {
        if (this.#pages.size <= PAGES_MAX) break
        this.#pages.delete(old)
      }
    } catch (error) {
      if (generation !== this.#generation) return
      this.error = error instanceof Error ? error.message : String(error)
    }
    this.#busy = false
    const next = this.#next
    this.#next = null
    if (next) void this.#load(next.page, next.from, next.filter)
    this.#changed()
  }
}
