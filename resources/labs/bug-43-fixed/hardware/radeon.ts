import { device_model } from 'klab/hardware'

/** A ring that takes a millisecond for each job, and interrupts when that is asked for. */
export class radeon extends device_model {
  vendorId = 0x1002
  deviceId = 0x9830
  name = 'radeon'
  done = 0
  irq_enabled = 0
  irq_pending = 0

  read(bar: number, offset: number, size: number) {
    if (offset === 0x04) return this.done
    return offset === 0x0c ? this.irq_pending : 0
  }

  write(bar: number, offset: number, size: number, value: number) {
    if (offset === 0x00) this.after(1000000, 'job', () => this.finish(value))
    if (offset === 0x08) this.irq_enabled = value
    if (offset === 0x0c) {
      this.irq_pending = 0
      this.lower_irq()
    }
  }

  finish(seq: number) {
    this.done = seq
    if (!this.irq_enabled) return
    this.irq_pending = 1
    this.raise_irq()
  }
}
