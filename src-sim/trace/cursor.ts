import { CHUNK_BITS, CHUNK_EVENTS } from './chunk'
import type { Chunk } from './chunk'
import type { TraceStore } from './store'

/**
 * Walks events in order without making an object for each. Invariant while it stands on an event:
 * `row` is the event's row in `chunk` and `args` the index of its first word in `chunk.args`.
 */
export class Cursor {
  index = -1
  chunk: Chunk
  row = -1
  kind = -1
  args = 0
  readonly store: TraceStore
  #words: Uint8Array

  constructor(store: TraceStore, index = 0) {
    this.store = store
    this.#words = store.words
    this.chunk = store.chunks[0]!
    if (index > 0) this.seek(index - 1)
  }

  /** Stands on an event that is there. */
  seek(index: number): void {
    this.index = index
    this.chunk = this.store.chunks[index >> CHUNK_BITS]!
    this.row = index & (CHUNK_EVENTS - 1)
    this.kind = this.chunk.kind[this.row]!
    this.args = this.chunk.argsAt(this.row, this.#words)
  }

  /** Goes to the next event; false at the end. */
  next(): boolean {
    const row = this.row + 1
    if (row >= this.chunk.length) return this.#nextChunk()
    if (this.kind >= 0) this.args += this.#words[this.kind]!
    this.row = row
    this.index++
    this.kind = this.chunk.kind[row]!
    return true
  }

  #nextChunk(): boolean {
    const next = this.store.chunks[(this.index + 1) >> CHUNK_BITS]
    if (next === undefined || next === this.chunk || next.length === 0) return false
    this.chunk = next
    this.row = 0
    this.index++
    this.args = 0
    this.kind = next.kind[0]!
    return true
  }

  get timeNs(): number {
    return this.chunk.timeAt(this.row)
  }

  get context(): number {
    return this.chunk.contexts[this.chunk.context[this.row]!]!
  }

  get cpu(): number {
    return this.chunk.cpu[this.row]!
  }

  get step(): number {
    return this.chunk.stepAt(this.row)
  }

  get position(): number {
    return this.chunk.position[this.row]!
  }

  word(offset: number): number {
    return this.chunk.args[this.args + offset]!
  }

  wide(offset: number): number {
    const at = this.args + offset
    return this.chunk.args[at]! * 0x100000000 + this.chunk.args[at + 1]!
  }
}
