import type { Cursor } from '../cursor'
import type { TraceStore } from '../store'
import { fieldOffset } from './leaves'

/**
 * The thread that each CPU runs: interrupts are said to happen in it, and a switch in the thread
 * that is left, as Linux records them. Told of every event in order.
 */
export class RunningThread {
  readonly #store: TraceStore
  readonly #current: number[] = []
  readonly #switch: number
  readonly #prev: number
  readonly #next: number

  constructor(store: TraceStore) {
    this.#store = store
    this.#switch = store.events.findIndex(({ name }) => name === 'sched_switch')
    const event = store.events[this.#switch]
    this.#prev = event ? fieldOffset(event, 'prev') : 0
    this.#next = event ? fieldOffset(event, 'next') : 0
  }

  /** The context whose pid and name belong to the event; 0 is the idle thread of the CPU. */
  of(at: Cursor): number {
    const { context, cpu } = at
    if (at.kind === this.#switch) {
      this.#current[cpu] = at.word(this.#next)
      return at.word(this.#prev)
    }
    const isTask = this.#store.tables.contexts.get(context)?.kind === 'task'
    return isTask ? context : (this.#current[cpu] ?? 0)
  }
}
