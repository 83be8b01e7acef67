import { device_model } from 'klab/hardware'

/** A network card: two packets arrive when it has been started. */
export class nic extends device_model {
  vendorId = 0x8086
  deviceId = 0x15f3
  name = 'nic'
  packets = 0

  receive() {
    this.packets++
    this.raise_irq()
  }

  read(bar: number, offset: number, size: number) {
    return offset === 0x00 ? this.packets : 0
  }

  write(bar: number, offset: number, size: number, value: number) {
    if (offset === 0x00) {
      this.packets = 0
      this.lower_irq()
    }
    if (offset === 0x04) {
      this.after(1000000, 'packet', () => this.receive())
      this.after(60000000, 'packet', () => this.receive())
    }
  }
}
