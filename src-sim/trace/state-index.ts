import { Cursor } from './cursor'
import type { Effects } from './effects'
import { StateFold } from './state-fold'
import type { TraceStore } from './store'

const SNAPSHOT_EVENTS = 8192

/**
 * Finds the state after any event. Keeps a snapshot at least every `SNAPSHOT_EVENTS` events that
 * were folded so far, so that a seek folds no more than that many.
 */
export class StateIndex {
  readonly #store: TraceStore
  readonly #effects: Effects
  readonly #snapshots: StateFold[] = [new StateFold()]
  /** The fold that has gone furthest; snapshots are taken from it. */
  readonly #head = new StateFold(1)
  #epoch = 2

  constructor(store: TraceStore, effects: Effects) {
    this.#store = store
    this.#effects = effects
  }

  /** The fold after event `index`; the caller must not change it. */
  at(index: number): StateFold {
    this.#advance(index)
    if (this.#head.event === index) return this.#head
    const snapshots = this.#snapshots
    let low = 0
    let high = snapshots.length
    while (high - low > 1) {
      const middle = (low + high) >> 1
      if (snapshots[middle]!.event <= index) low = middle
      else high = middle
    }
    const fold = snapshots[low]!.fork(this.#epoch++)
    this.#run(fold, index, false)
    return fold
  }

  /** Brings the head as far as `index`, taking snapshots on the way. */
  #advance(index: number): void {
    if (this.#head.event < index) this.#run(this.#head, index, true)
  }

  #run(fold: StateFold, index: number, snapshots: boolean): void {
    if (fold.event >= index) return
    const at = new Cursor(this.#store, fold.event + 1)
    while (at.index < index && at.next()) {
      fold.event = at.index
      this.#effects.apply(at, fold)
      if (snapshots && (at.index + 1) % SNAPSHOT_EVENTS === 0) this.#snapshot()
    }
  }

  #snapshot(): void {
    this.#snapshots.push(this.#head.fork(this.#epoch++))
    this.#head.freeze(this.#epoch++)
  }
}
