import { ByteWriter } from './byte-writer'
import { PAGE } from './trace-dat-layout'

const HEADER = 16
const TIME_EXTEND = 30
const DELTA_MAX = 2 ** 27
/** Longest payload whose length fits into the head of a record, in bytes. */
const SHORT_MAX = 28 * 4

/**
 * The ring buffer of one CPU: pages that begin with the time of their first record and the number
 * of bytes in use; each record holds how much later it is than the one before it.
 */
export class RingPages {
  readonly #out = new ByteWriter()
  #page = -1
  #timeNs = 0

  add(timeNs: number, payload: Uint8Array): void {
    const words = (payload.length + 3) >> 2
    const head = words * 4 <= SHORT_MAX ? 4 : 8
    if (this.#page < 0 || this.#used + 8 + head + words * 4 > PAGE) this.#open(timeNs)
    const delta = Math.max(0, timeNs - this.#timeNs)
    this.#timeNs += delta
    const near = delta < DELTA_MAX ? delta : this.#extend(delta)
    const out = this.#out
    if (head === 4) out.u32((words | (near << 5)) >>> 0)
    else {
      out.u32((near << 5) >>> 0)
      out.u32(words * 4 + 4)
    }
    out.bytes(payload)
    out.align(4)
  }

  finish(): Uint8Array {
    this.#close()
    return this.#out.take()
  }

  get #used(): number {
    return this.#out.length - this.#page
  }

  #open(timeNs: number): void {
    this.#close()
    this.#page = this.#out.length
    this.#timeNs = Math.max(timeNs, this.#timeNs)
    this.#out.u64(this.#timeNs)
    this.#out.u64(0)
  }

  #close(): void {
    if (this.#page < 0) return
    this.#out.patchU64(this.#page + 8, this.#used - HEADER)
    this.#out.align(PAGE)
  }

  /** Writes a record that only moves the time; what is left for the record itself is nothing. */
  #extend(delta: number): number {
    this.#out.u32((TIME_EXTEND | ((delta % DELTA_MAX) << 5)) >>> 0)
    this.#out.u32(Math.floor(delta / DELTA_MAX))
    return 0
  }
}
