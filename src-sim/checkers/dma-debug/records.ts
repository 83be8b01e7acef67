import type { RawStack } from '../../engine/finding'
import type { DmaDevice } from '../../kernel/dma/dma-device'
import type { MappingType, MappingUse } from '../../kernel/dma/mappings'

/** A mapping as the kernel's debugging remembers it. */
export interface DmaRecord {
  device: DmaDevice
  dma: number
  size: number
  type: MappingType
  direction: number
  /** Entries of the list that it is one of, as the driver counted them; 0 for others. */
  entries: number
  /** Segments that the device got of that list. */
  segments: number
  phys: number
  attrs: number
  /** Null: this kind of mapping cannot fail in a way that is asked about. */
  checked: boolean | null
  stack: RawStack
}

const BUCKET_BYTES = 8192
const BUCKETS = 16384

const bucketOf = (dma: number): number => Math.floor(dma / BUCKET_BYTES) % BUCKETS

type Match = (ref: MappingUse, record: DmaRecord) => boolean

const sameAddress: Match = (ref, r) => r.device === ref.device && r.dma === ref.dma
const contains: Match = (ref, r) =>
  r.device === ref.device && ref.dma >= r.dma && ref.dma + ref.size <= r.dma + r.size

/** All records, in buckets by their address as in Linux: the order decides what is found. */
export class DmaRecords {
  readonly #buckets = new Map<number, DmaRecord[]>()
  count = 0

  add(record: DmaRecord): void {
    const key = bucketOf(record.dma)
    const bucket = this.#buckets.get(key)
    if (bucket) bucket.push(record)
    else this.#buckets.set(key, [record])
    this.count++
  }

  remove(record: DmaRecord): void {
    const bucket = this.#buckets.get(bucketOf(record.dma))
    const at = bucket?.indexOf(record) ?? -1
    if (at < 0) return
    bucket!.splice(at, 1)
    this.count--
  }

  /** The record that an unmapping means (DMA-44). */
  exact(ref: MappingUse): DmaRecord | null {
    return bestOf(this.#buckets.get(bucketOf(ref.dma)) ?? [], ref, sameAddress)
  }

  /** The record that a range lies in: looked for in its bucket, and in all those below. */
  containing(ref: MappingUse): DmaRecord | null {
    for (let at = ref.dma; at >= 0 && ref.dma - at < BUCKET_BYTES * BUCKETS; at -= BUCKET_BYTES) {
      const found = bestOf(this.#buckets.get(bucketOf(at)) ?? [], ref, contains)
      if (found) return found
    }
    return null
  }

  /** The oldest record at an address that nobody has asked about is asked about. */
  check(device: DmaDevice, dma: number): void {
    const record = this.#buckets
      .get(bucketOf(dma))
      ?.find((r) => r.device === device && r.dma === dma && r.checked === false)
    if (record) record.checked = true
  }

  /** All records of a device, by bucket. */
  of(device: DmaDevice): DmaRecord[] {
    return this.all().filter((r) => r.device === device)
  }

  all(): DmaRecord[] {
    const keys = [...this.#buckets.keys()].sort((a, b) => a - b)
    return keys.flatMap((key) => this.#buckets.get(key)!)
  }
}

/** Of several records one must fit in everything; a single one in something. */
function bestOf(bucket: readonly DmaRecord[], ref: MappingUse, matches: Match): DmaRecord | null {
  let found: DmaRecord | null = null
  let count = 0
  let best = 0
  for (const r of bucket) {
    if (!matches(ref, r)) continue
    count++
    const fits =
      Number(r.size === ref.size) + Number(r.type === ref.type) +
      Number(r.direction === ref.direction) + Number(r.entries === ref.entries)
    if (fits === 4) return r
    if (fits > best) {
      best = fits
      found = r
    }
  }
  return count === 1 ? found : null
}

const LINE_BYTES = 64
/** More overlapping mappings of a line than this are not counted. */
export const OVERLAPS_MAX = 7

/** The first cache line of each mapping that a device writes to (DMA-47). */
export class CacheLines {
  readonly #lines = new Map<number, DmaRecord[]>()

  readonly lineOf = (phys: number): number => Math.floor(phys / LINE_BYTES) * LINE_BYTES

  /** What was mapped there already. */
  add(record: DmaRecord): DmaRecord[] {
    const line = this.lineOf(record.phys)
    const there = this.#lines.get(line) ?? []
    this.#lines.set(line, [...there, record])
    return there
  }

  remove(record: DmaRecord): void {
    const line = this.lineOf(record.phys)
    const left = (this.#lines.get(line) ?? []).filter((r) => r !== record)
    if (left.length > 0) this.#lines.set(line, left)
    else this.#lines.delete(line)
  }
}

