import { device_model } from 'klab/hardware'

/** An accelerator: while enabled it writes a completion record every 100 microseconds. */
export class dsa extends device_model {
  vendorId = 0x8086
  deviceId = 0x0b25
  name = 'dsa'
  ring = 0
  enabled = 0
  sequence = 0

  read(bar: number, offset: number, size: number) {
    return offset === 0x10 ? this.enabled : 0
  }

  write(bar: number, offset: number, size: number, value: number) {
    if (offset === 0x08) this.ring = value
    if (offset === 0x10 && value && !this.enabled) {
      this.enabled = 1
      this.tick()
    }
    // A reset takes effect when the record under way is written.
    if (offset === 0x10 && !value && this.enabled) this.enabled = 2
  }

  tick() {
    this.after(100000, 'completion', () => {
      const record = new Uint8Array(8)
      record[0] = ++this.sequence & 0xff
      this.dma_write(this.ring, record)
      if (this.enabled === 2) this.enabled = 0
      else this.tick()
    })
  }
}
