import { device_model } from 'klab/hardware'

/** A camera; it says by interrupt that its firmware is good. */
export class ipu6 extends device_model {
  vendorId = 0x8086
  deviceId = 0x7d19
  name = 'ipu6'
  status = 0

  read(bar: number, offset: number, size: number) {
    return offset === 0x00 ? this.status : 0
  }

  write(bar: number, offset: number, size: number, value: number) {
    if (offset === 0x04) {
      this.status &= ~value
      if (!this.status) this.lower_irq()
    }
    if (offset === 0x08)
      this.after(500000, 'authentication', () => {
        this.status |= 1
        this.raise_irq()
      })
  }
}
