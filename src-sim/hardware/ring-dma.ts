import { device_model } from './device-model'
import { ringWords } from './ring-words'

const IDENTIFICATION = 0x52444d41
const RUN = 0x1
const SOFT_RESET = 0x2
const STATUS_RUNNING = 0x1
const STATUS_BUSY = 0x2
const STATUS_ERROR = 0x4
const IRQ_DONE = 0x1
const IRQ_ERROR = 0x2
const DESCRIPTOR_BYTES = 16
const RECORD_BYTES = 8
const FROM_MEMORY = 0x1
const RAISES_IRQ = 0x2
const MEMORY_BYTES = 4096
const ENTRIES_MAX = 256

interface Descriptor {
  index: number
  address: number
  length: number
  flags: number
}

/**
 * An engine that works through a ring of descriptors in memory: it fetches some ahead, moves bytes
 * between memory and its own, and leaves a record of each. Registers and switches are described
 * in resources/docs/hardware-ring-dma.md. Each switch is something that real hardware does and
 * that drivers get wrong.
 */
export class ring_dma extends device_model {
  override name = 'ring-dma'
  override deviceId = 0x0d3a
  override bars = [0x1000]
  /** Descriptors that it holds ahead of the one at work. */
  prefetch = 4
  fetch_ns = 500
  transfer_ns = 10_000
  /** After it was told to stop it finishes what it holds; false: it drops it at once. */
  drains = true
  /** The record (and the interrupt) come this long before the bytes; 0: after them. */
  record_ahead_ns = 0
  /** Address wires: what is above them is lost. */
  address_bits = 64
  /** More bytes than asked are written to memory. */
  overrun_bytes = 0
  /** An answer is written into what it was told to read, too. */
  answers_in_place = false
  /** A transfer that did not come through counts as done all the same. */
  ignores_errors = false
  /** Its own bytes. */
  readonly memory = new Uint8Array(MEMORY_BYTES)
  readonly ring = ringWords()
  #held: Descriptor[] = []
  #fetching = false
  #working = false

  override read(_bar: number, offset: number, _size: number): number {
    const { ring } = this
    switch (offset) {
      case 0x00:
        return IDENTIFICATION
      case 0x04:
        return ring.control
      case 0x08:
        return this.#status()
      case 0x0c:
        return ring.irqStatus
      case 0x10:
        return ring.irqEnable
      case 0x14:
        return ring.size
      case 0x20:
        return ring.tail
      case 0x24:
        return ring.head
      default:
        return 0
    }
  }

  override write(_bar: number, offset: number, _size: number, value: number): void {
    const { ring } = this
    switch (offset) {
      case 0x04:
        return this.#control(value)
      case 0x0c:
        ring.irqStatus &= ~value
        if (!ring.irqStatus) this.lower_irq()
        return
      case 0x10:
        ring.irqEnable = value
        return
      case 0x14:
        ring.size = Math.min(value, ENTRIES_MAX)
        return
      case 0x18:
        ring.base = value
        return
      case 0x1c:
        ring.base = value * 2 ** 32 + (ring.base % 2 ** 32)
        return
      case 0x20:
        ring.tail = value
        return this.#fetch()
      case 0x28:
        ring.records = value
        return
      case 0x2c:
        ring.records = value * 2 ** 32 + (ring.records % 2 ** 32)
    }
  }

  override reset(): void {
    super.reset()
    Object.assign(this.ring, ringWords())
    this.#held = []
    this.#fetching = this.#working = false
  }

  #status(): number {
    const busy = this.#working || this.#fetching || this.#held.length > 0
    const { control, failed } = this.ring
    return (
      (control & RUN ? STATUS_RUNNING : 0) | (busy ? STATUS_BUSY : 0) | (failed ? STATUS_ERROR : 0)
    )
  }

  #control(value: number): void {
    if (value & SOFT_RESET) {
      this.reset()
      return
    }
    this.ring.control = value & RUN
    if (this.ring.control) this.#fetch()
    else if (!this.drains) this.#held = []
  }

  /** Fetches descriptors ahead, one after the other. */
  #fetch(): void {
    const { ring } = this
    const wanted = ring.control & RUN && ring.size > 0 && ring.head !== ring.tail % ring.size
    if (this.#fetching || !wanted || this.#held.length >= this.prefetch) return
    this.#fetching = true
    this.after(this.fetch_ns, 'fetch', () => {
      this.#fetching = false
      const index = ring.head
      const bytes = this.dma_read(this.#wires(ring.base + index * DESCRIPTOR_BYTES), DESCRIPTOR_BYTES)
      if (bytes) this.#held.push(parse(index, bytes))
      else this.#fail()
      ring.head = (index + 1) % ring.size
      this.#work()
      this.#fetch()
    })
  }

  #work(): void {
    const next = this.#working ? undefined : this.#held.shift()
    if (!next) return
    this.#working = true
    this.after(this.transfer_ns, 'transfer', () => {
      if (this.record_ahead_ns > 0) {
        this.#record(next, true)
        this.after(this.record_ahead_ns, 'late bytes', () => {
          this.#move(next)
          this.#next()
        })
        return
      }
      this.#record(next, this.#move(next))
      this.#next()
    })
    this.#fetch()
  }

  #next(): void {
    this.#working = false
    this.#work()
    this.#fetch()
  }

  #move({ address, length, flags }: Descriptor): boolean {
    const at = this.#wires(address)
    const count = Math.min(length, MEMORY_BYTES)
    if (!(flags & FROM_MEMORY))
      return this.dma_write(at, this.memory.slice(0, count + this.overrun_bytes))
    const bytes = this.dma_read(at, count)
    if (!bytes) return false
    this.memory.set(bytes)
    if (this.answers_in_place) this.dma_write(at, bytes.map((byte) => 0xff - byte))
    return true
  }

  /** How many bytes (all ones: it failed), and a word that says that the record is valid. */
  #record({ index, length, flags }: Descriptor, done: boolean): void {
    const good = done || this.ignores_errors
    if (!good) this.#fail()
    if (this.ring.records) {
      const bytes = new Uint8Array(RECORD_BYTES)
      const view = new DataView(bytes.buffer)
      view.setUint32(0, good ? length : 0xffffffff, true)
      view.setUint32(4, 1, true)
      this.dma_write(this.#wires(this.ring.records + index * RECORD_BYTES), bytes)
    }
    if (flags & RAISES_IRQ) this.#interrupt(IRQ_DONE)
  }

  #fail(): void {
    if (this.ignores_errors) return
    this.ring.failed = true
    this.#interrupt(IRQ_ERROR)
  }

  #interrupt(bit: number): void {
    this.ring.irqStatus |= bit
    if (this.ring.irqEnable & bit) this.raise_irq()
  }

  #wires(address: number): number {
    return this.address_bits >= 53 ? address : address % 2 ** this.address_bits
  }
}

function parse(index: number, bytes: Uint8Array): Descriptor {
  const view = new DataView(bytes.buffer, bytes.byteOffset)
  return {
    index,
    address: view.getUint32(4, true) * 2 ** 32 + view.getUint32(0, true),
    length: view.getUint32(8, true),
    flags: view.getUint32(12, true),
  }
}
