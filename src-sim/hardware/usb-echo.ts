import { usb_device_model } from './usb-device-model'

const BULK_OUT = 0x02
const BULK_IN = 0x81
const INTERRUPT_IN = 0x83
const SET_DELAY = 1
const GET_COUNT = 2
const STALL_IN = 3

/**
 * What is sent to endpoint 2 comes back on endpoint 1, and endpoint 3 tells how many bytes wait.
 * Vendor requests: 1 sets a delay in microseconds, 2 reads how many transfers came in (4 bytes), 3
 * refuses the next read of endpoint 1.
 */
export class usb_echo extends usb_device_model {
  override name = 'usb-echo'
  override idProduct = 0x0001
  override product = 'Echo'
  override interfaces = [
    {
      endpoints: [
        { address: BULK_IN, type: 'bulk' },
        { address: BULK_OUT, type: 'bulk' },
        { address: INTERRUPT_IN, type: 'interrupt', maxPacket: 4 },
      ],
    },
  ] as const
  delay_us = 0
  count = 0
  refuse = false
  readonly waiting: Uint8Array[] = []
  told = 0

  override control(r: { bRequest: number; wValue: number }): Uint8Array | 'stall' {
    switch (r.bRequest) {
      case SET_DELAY:
        this.delay_us = r.wValue
        return new Uint8Array(0)
      case GET_COUNT:
        return word(this.count)
      case STALL_IN:
        this.refuse = true
        return new Uint8Array(0)
      default:
        return 'stall'
    }
  }

  override out(_address: number, bytes: Uint8Array): boolean {
    this.count++
    if (this.delay_us === 0) this.#arrive(bytes)
    else this.after(this.delay_us * 1_000, 'echo', () => this.#arrive(bytes))
    return true
  }

  override in(address: number, length: number): Uint8Array | 'stall' | null {
    if (address === INTERRUPT_IN) return this.#tell()
    if (this.refuse) {
      this.refuse = false
      return 'stall'
    }
    const first = this.waiting[0]
    if (!first) return null
    if (first.length <= length) this.waiting.shift()
    else this.waiting[0] = first.subarray(length)
    return first.subarray(0, length)
  }

  override reset(): void {
    super.reset()
    this.waiting.length = 0
    this.delay_us = 0
    this.refuse = false
    this.told = 0
  }

  #arrive(bytes: Uint8Array): void {
    this.waiting.push(bytes)
    this.data_ready(BULK_IN)
    this.data_ready(INTERRUPT_IN)
  }

  /** Once for each change. */
  #tell(): Uint8Array | null {
    const bytes = this.waiting.reduce((sum, part) => sum + part.length, 0)
    if (bytes === this.told) return null
    this.told = bytes
    return word(bytes)
  }
}

const word = (n: number): Uint8Array =>
  Uint8Array.of(n & 0xff, (n >> 8) & 0xff, (n >> 16) & 0xff, n >>> 24)
