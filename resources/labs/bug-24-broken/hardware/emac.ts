import { device_model } from 'klab/hardware'

const TX_ADDRESS = 0x00
const TX_LENGTH = 0x04
const IRQ_STATUS = 0x08
const ENABLE = 0x0c
const SEND_NS = 1_000_000

/** A network interface: a length written to it sends the frame at the address, and interrupts. */
export class emac extends device_model {
  name = 'emac'
  address = 0
  enabled = false
  done = 0

  /** The status is cleared by reading it. */
  read(bar: number, offset: number, size: number) {
    if (offset !== IRQ_STATUS) return 0
    const { done } = this
    this.done = 0
    this.lower_irq()
    return done
  }

  write(bar: number, offset: number, size: number, value: number) {
    if (offset === TX_ADDRESS) this.address = value
    if (offset === ENABLE) this.enabled = value !== 0
    if (offset !== TX_LENGTH) return
    this.after(SEND_NS, 'frame', () => {
      if (!this.enabled) return
      this.dma_read(this.address, value)
      this.done = 1
      this.raise_irq()
    })
  }
}
