import { device_model } from 'klab/hardware'

/** 64 KiB of memory behind BAR 2, for whoever reaches it. */
export class memory_card extends device_model {
  vendorId = 0x1af4
  deviceId = 0x0010
  name = 'memory-card'
  bars = [0x1000, 0, 0x10000]
  bytes = new Uint8Array(0x10000)

  read(bar: number, offset: number, size: number) {
    let value = 0
    if (bar === 2) for (let i = size - 1; i >= 0; i--) value = value * 256 + this.bytes[offset + i]!
    return value
  }

  write(bar: number, offset: number, size: number, value: number) {
    if (bar === 2) for (let i = 0; i < size; i++) this.bytes[offset + i] = value >>> (8 * i)
  }
}

const TARGET = 0x0
const PERIOD_NS = 1_000_000

/** Writes a running number to the address in its only register, each millisecond, until that is 0. */
export class copier extends device_model {
  vendorId = 0x1af4
  deviceId = 0x0011
  name = 'copier'
  target = 0
  count = 0

  write(bar: number, offset: number, size: number, value: number) {
    if (offset !== TARGET) return
    const idle = this.target === 0
    this.target = value
    if (value && idle) this.after(PERIOD_NS, 'copy', () => this.copy())
  }

  copy() {
    if (!this.target) return
    this.dma_write(this.target, new Uint8Array([++this.count, 0, 0, 0]))
    this.after(PERIOD_NS, 'copy', () => this.copy())
  }

  reset() {
    this.target = 0
  }
}
