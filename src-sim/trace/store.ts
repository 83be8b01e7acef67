import type { AnyEvent } from './catalogue'
import { CHUNK_BITS } from './chunk'
import type { Chunk } from './chunk'
import { Tables } from './tables'

/** Argument words of each kind of a list of declarations; all traces of a catalogue share them. */
const wordsOf = new WeakMap<readonly AnyEvent[], Uint8Array>()

/** The data of a trace, written by one writer (or by the decoder) and read by any reader. */
export class TraceStore {
  readonly chunks: Chunk[] = []
  readonly tables: Tables = new Tables()
  /** The declarations that `kind` numbers of this trace refer to. */
  readonly events: readonly AnyEvent[]
  /** Argument words of each kind. */
  readonly words: Uint8Array

  constructor(events: readonly AnyEvent[]) {
    this.events = events
    let words = wordsOf.get(events)
    if (words === undefined)
      wordsOf.set(events, (words = Uint8Array.from(events, (event) => event.words)))
    this.words = words
  }

  get length(): number {
    const last = this.chunks.length - 1
    return last < 0 ? 0 : (last << CHUNK_BITS) + this.chunks[last]!.length
  }
}
