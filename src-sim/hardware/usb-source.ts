import { usb_device_model } from './usb-device-model'

const BULK_IN = 0x81
const INTERRUPT_IN = 0x82
const TICK_NS = 10_000_000

/**
 * Endpoint 1 always has as many bytes as are asked for, counting upwards; endpoint 2 has one byte
 * every ten milliseconds.
 */
export class usb_source extends usb_device_model {
  override name = 'usb-source'
  override idProduct = 0x0002
  override product = 'Source'
  override interfaces = [
    {
      endpoints: [
        { address: BULK_IN, type: 'bulk' },
        { address: INTERRUPT_IN, type: 'interrupt', maxPacket: 1 },
      ],
    },
  ] as const
  next = 0
  ticks = 0
  tick_ready = false
  ticking = false

  override in(address: number, length: number): Uint8Array | null {
    if (address === INTERRUPT_IN) return this.#tick()
    const bytes = new Uint8Array(length)
    for (let i = 0; i < length; i++) bytes[i] = this.next++ & 0xff
    return bytes
  }

  override reset(): void {
    super.reset()
    this.next = 0
    this.ticks = 0
    this.tick_ready = false
    this.ticking = false
  }

  /** The clock runs while somebody asks. */
  #tick(): Uint8Array | null {
    if (this.tick_ready) {
      this.tick_ready = false
      return Uint8Array.of(this.ticks++ & 0xff)
    }
    if (!this.ticking) {
      this.ticking = true
      this.after(TICK_NS, 'tick', () => {
        this.ticking = false
        this.tick_ready = true
        this.data_ready(INTERRUPT_IN)
      })
    }
    return null
  }
}
