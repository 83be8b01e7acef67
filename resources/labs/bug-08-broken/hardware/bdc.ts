import { device_model } from 'klab/hardware'

const RING = 0x08
const RUN = 0x10
const IRQ_ENABLE = 0x14
const ACK = 0x18
const ENTRIES = 16
const ENTRY_SIZE = 8
const REPORTS = 40
const REPORT_NS = 1_000_000

/**
 * A USB device controller: while it runs it writes a status report into its ring every
 * millisecond, forty in all, and pulls its line. Every eighth report asks for a remote wake-up.
 */
export class bdc extends device_model {
  vendorId = 0x14e4
  deviceId = 0x16cd
  name = 'bdc'
  ring = 0
  running = false
  irq_enable = false
  reports = 0

  write(bar: number, offset: number, size: number, value: number) {
    if (offset === RING) this.ring = value
    if (offset === IRQ_ENABLE) this.irq_enable = value !== 0
    if (offset === ACK || !this.irq_enable) this.lower_irq()
    if (offset === RUN && value && !this.running) this.next()
    if (offset === RUN) this.running = value !== 0
  }

  next() {
    this.after(REPORT_NS, 'report', () => {
      if (!this.running) return
      const entry = this.reports++ % ENTRIES
      const type = this.reports % 8 === 0 ? 2 : 1
      this.dma_write(this.ring + entry * ENTRY_SIZE, Uint8Array.of(type, this.reports, 0, 0, 0, 0, 0, 0))
      if (this.irq_enable) this.raise_irq()
      if (this.reports < REPORTS) this.next()
    })
  }
}
