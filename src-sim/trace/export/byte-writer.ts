import { encodeUtf8 } from '../utf8'

/** Appends little-endian numbers and texts to one growing array. */
export class ByteWriter {
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

  u8(value: number): void {
    this.#room(1)
    this.#data[this.#at++] = value
  }

  u16(value: number): void {
    this.#room(2)
    this.#view.setUint16(this.#at, value, true)
    this.#at += 2
  }

  u32(value: number): void {
    this.#room(4)
    this.#view.setUint32(this.#at, value, true)
    this.#at += 4
  }

  /** A whole number that is not negative and is exact, hence below 2^53. */
  u64(value: number): void {
    this.u32(value % 0x100000000)
    this.u32(Math.floor(value / 0x100000000))
  }

  bytes(bytes: Uint8Array): void {
    this.#room(bytes.length)
    this.#data.set(bytes, this.#at)
    this.#at += bytes.length
  }

  /** A text without an end mark. */
  text(text: string): void {
    this.bytes(this.encoded(text))
  }

  /** A text and the zero byte that ends it; a zero byte inside it would end it too early. */
  cString(text: string): void {
    this.bytes(this.encoded(text.includes('\0') ? text.replaceAll('\0', ' ') : text))
    this.u8(0)
  }

  zeros(count: number): void {
    this.#room(count)
    this.#data.fill(0, this.#at, this.#at + count)
    this.#at += count
  }

  /** Fills up to a multiple of `size`. */
  align(size: number): void {
    this.zeros((size - (this.#at % size)) % size)
  }

  /** Overwrites what was written before. */
  patchU32(at: number, value: number): void {
    this.#view.setUint32(at, value, true)
  }

  patchU64(at: number, value: number): void {
    this.patchU32(at, value % 0x100000000)
    this.patchU32(at + 4, Math.floor(value / 0x100000000))
  }

  /** The bytes of a text, made once. */
  encoded(text: string): Uint8Array {
    let bytes = this.#texts.get(text)
    if (bytes === undefined) this.#texts.set(text, (bytes = encodeUtf8(text)))
    return bytes
  }

  #room(bytes: number): void {
    if (this.#at + bytes <= this.#data.length) return
    const data = new Uint8Array(Math.max(this.#data.length * 2, this.#at + bytes))
    data.set(this.#data)
    this.#data = data
    this.#view = new DataView(data.buffer)
  }
}

/** The longest beginning of a text that fits, without cutting a character in two. */
export function clip(bytes: Uint8Array, size: number): Uint8Array {
  if (bytes.length <= size) return bytes
  let end = size
  while (end > 0 && (bytes[end]! & 0xc0) === 0x80) end--
  return bytes.subarray(0, end)
}
