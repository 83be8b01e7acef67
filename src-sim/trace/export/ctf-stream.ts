import type { Cursor } from '../cursor'
import { ByteWriter } from './byte-writer'
import type { Leaf } from './leaves'

const MAGIC = 0xc1fc1fc1
/** Packets are closed at this size, so that viewers can jump to a time by their heads. */
const PACKET_BYTES = 1 << 18

/** Bytes from the start of a packet to the numbers that are known at its end. */
const END_TIME = 32
const CONTENT_SIZE = 40
const PACKET_SIZE = 48

/** The events of one CPU, in packets that tell their times and sizes. */
export class CtfStream {
  readonly #out = new ByteWriter()
  readonly #cpu: number
  readonly #uuid: Uint8Array
  #packet = -1
  #packets = 0
  #timeNs = 0

  constructor(cpu: number, uuid: Uint8Array) {
    this.#cpu = cpu
    this.#uuid = uuid
  }

  add(at: Cursor, leaves: readonly Leaf[], tid: number, comm: string): void {
    const out = this.#out
    const timeNs = at.timeNs
    if (this.#packet < 0 || out.length - this.#packet >= PACKET_BYTES) this.#open(timeNs)
    this.#timeNs = timeNs
    out.u16(at.kind)
    out.u64(timeNs)
    out.u32(tid)
    out.cString(comm)
    for (const leaf of leaves) writeLeaf(out, leaf, at)
  }

  finish(): Uint8Array {
    this.#close()
    return this.#out.take()
  }

  #open(timeNs: number): void {
    this.#close()
    const out = this.#out
    this.#packet = out.length
    out.u32(MAGIC)
    out.bytes(this.#uuid)
    out.u32(0) // the stream's number in the metadata
    out.u64(timeNs)
    out.zeros(24) // end, content size and packet size
    out.u64(this.#packets++)
    out.u64(0) // nothing was discarded
    out.u32(this.#cpu)
  }

  #close(): void {
    if (this.#packet < 0) return
    const bits = (this.#out.length - this.#packet) * 8
    this.#out.patchU64(this.#packet + END_TIME, this.#timeNs)
    this.#out.patchU64(this.#packet + CONTENT_SIZE, bits)
    this.#out.patchU64(this.#packet + PACKET_SIZE, bits)
  }
}

function writeLeaf(out: ByteWriter, leaf: Leaf, at: Cursor): void {
  switch (leaf.kind) {
    case 'text':
    case 'comm':
      out.cString(leaf.text(at))
      return
    case 'bool':
      out.u8(leaf.number(at))
      return
    case 'u64':
    case 'hex64':
      out.u32(leaf.number(at))
      out.u32(leaf.high(at))
      return
    case 'state':
      out.u64(leaf.number(at))
      return
    default:
      out.u32(leaf.number(at))
  }
}
