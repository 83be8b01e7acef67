import { encodeUtf8 } from '../utf8'

/**
 * Writes protocol buffers into one growing array. Lengths of nested messages are written as four
 * bytes whatever their value, so that they can be filled in when the message ends.
 */
export class ProtoWriter {
  #data = new Uint8Array(1 << 16)
  #view = new DataView(this.#data.buffer)
  #at = 0
  readonly #texts = new Map<string, Uint8Array>()

  get length(): number {
    return this.#at
  }

  /** What was written so far; the writer starts anew. */
  take(): Uint8Array {
    const out = this.#data.slice(0, this.#at)
    this.#at = 0
    return out
  }

  /** A whole number, also a negative one (as int64). */
  number(field: number, value: number): void {
    this.#room(24)
    this.#varint(field * 8)
    if (value < 0) this.#negative(value)
    else this.#varint(value)
  }

  fixed64(field: number, value: number): void {
    this.#room(24)
    this.#varint(field * 8 + 1)
    this.#view.setUint32(this.#at, value % 0x100000000, true)
    this.#view.setUint32(this.#at + 4, Math.floor(value / 0x100000000), true)
    this.#at += 8
  }

  text(field: number, text: string): void {
    let bytes = this.#texts.get(text)
    if (bytes === undefined) this.#texts.set(text, (bytes = encodeUtf8(text)))
    this.#room(24 + bytes.length)
    this.#varint(field * 8 + 2)
    this.#varint(bytes.length)
    this.#data.set(bytes, this.#at)
    this.#at += bytes.length
  }

  /** Opens a nested message; `end` must be called with what it answers. */
  begin(field: number): number {
    this.#room(24)
    this.#varint(field * 8 + 2)
    this.#at += 4
    return this.#at
  }

  end(start: number): void {
    let length = this.#at - start
    for (let i = 0; i < 4; i++) {
      this.#data[start - 4 + i] = (length & 127) | (i < 3 ? 128 : 0)
      length >>>= 7
    }
  }

  #varint(value: number): void {
    while (value > 127) {
      const low = value % 128
      this.#data[this.#at++] = low | 128
      value = (value - low) / 128
    }
    this.#data[this.#at++] = value
  }

  /** Ten bytes of two's complement, from a 53-bit number. */
  #negative(value: number): void {
    let rest = -(value + 1)
    for (let i = 0; i < 9; i++) {
      const low = rest % 128
      this.#data[this.#at++] = (127 - low) | 128
      rest = (rest - low) / 128
    }
    this.#data[this.#at++] = 1
  }

  #room(bytes: number): void {
    if (this.#at + bytes <= this.#data.length) return
    const data = new Uint8Array(Math.max(this.#data.length * 2, this.#at + bytes))
    data.set(this.#data)
    this.#data = data
    this.#view = new DataView(data.buffer)
  }
}
