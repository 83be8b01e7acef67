import { assert } from '../../base/assert'
import { PAGE_SIZE, type PhysAddr } from '../../base/units'
import { service } from '../../engine/service'

/** Small, because every schedule of an exploration has a machine, and so a chunk, of its own. */
const CHUNK_BYTES = 256 * 1024
const BASE = 0x0100_0000

/** The buffers of all chunks, to find the physical address behind any view of them. */
interface Chunk {
  base: number
  bytes: Uint8Array
}

/**
 * The machine's RAM: real bytes, made when first needed. An allocation is contiguous and lies in
 * one chunk, so that kernel code can use it as one `Uint8Array` while devices address it by number.
 */
export class PhysicalMemory {
  #chunks: Chunk[] = []
  #next = BASE
  #end = BASE
  #free = new Map<number, number[]>()
  #byBuffer = new Map<ArrayBufferLike, number>()
  /** Bytes handed out and not returned. */
  used = 0
  /** Somebody who counts what still refers to pages that are given back. */
  onFree: ((address: PhysAddr, count: number) => void) | null = null
  /** Size of the simulated RAM. */
  limit = 512 * 1024 * 1024

  /**
   * Allocates zeroed memory, aligned to so many pages; null when RAM is exhausted.
   */
  allocPages(count: number, alignPages = 1): PhysAddr | null {
    const bytes = count * PAGE_SIZE
    if (this.used + bytes > this.limit) return null
    this.used += bytes
    const reused = this.#takeFree(count, alignPages)
    if (reused !== undefined) {
      this.view(reused as PhysAddr, bytes)!.fill(0)
      return reused as PhysAddr
    }
    this.#align(alignPages)
    if (this.#next + bytes > this.#end) {
      this.#grow(bytes + (alignPages - 1) * PAGE_SIZE)
      this.#align(alignPages)
    }
    const address = this.#next
    this.#next += bytes
    return address as PhysAddr
  }

  #takeFree(count: number, alignPages: number): number | undefined {
    const list = this.#free.get(count)
    if (!list || alignPages === 1) return list?.pop()
    const at = list.findLastIndex((address) => address % (alignPages * PAGE_SIZE) === 0)
    return at < 0 ? undefined : list.splice(at, 1)[0]
  }

  /** Skips to the next multiple of so many pages; the skipped ones are free for others. */
  #align(pages: number): void {
    while (pages > 1 && this.#next < this.#end && this.#next % (pages * PAGE_SIZE) !== 0) {
      this.#release(this.#next as PhysAddr, 1)
      this.#next += PAGE_SIZE
    }
  }

  #release(address: PhysAddr, count: number): void {
    const list = this.#free.get(count)
    if (list) list.push(address)
    else this.#free.set(count, [address])
  }

  freePages(address: PhysAddr, count: number): void {
    this.onFree?.(address, count)
    this.#release(address, count)
    this.used -= count * PAGE_SIZE
  }

  /** The bytes at a physical address, or null when no RAM is there. */
  view(address: PhysAddr, length: number): Uint8Array | null {
    for (const chunk of this.#chunks) {
      const offset = address - chunk.base
      if (offset >= 0 && offset + length <= chunk.bytes.length)
        return chunk.bytes.subarray(offset, offset + length)
    }
    return null
  }

  /** The physical address of a view of RAM; null for bytes that are not in RAM. */
  addressOf(view: Uint8Array): PhysAddr | null {
    const base = this.#byBuffer.get(view.buffer)
    return base === undefined ? null : ((base + view.byteOffset) as PhysAddr)
  }

  #grow(bytes: number): void {
    const size = Math.max(CHUNK_BYTES, Math.ceil(bytes / CHUNK_BYTES) * CHUNK_BYTES)
    assert(size <= 1024 * 1024 * 1024, 'chunk of simulated RAM too large')
    const chunk = { base: this.#end, bytes: new Uint8Array(size) }
    this.#chunks.push(chunk)
    this.#byBuffer.set(chunk.bytes.buffer, chunk.base)
    this.#next = chunk.base
    this.#end = chunk.base + size
  }
}

export const physicalMemory = service(() => new PhysicalMemory())
