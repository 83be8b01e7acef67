import { device_model } from './device-model'

const DATA = 0x00
const STATUS = 0x04
const CONTROL = 0x08
const ACK = 0x0c
const DELAY = 0x10
const STATUS_FULL = 1
const STATUS_IRQ = 2
const IRQ_ENABLE = 1
const DEFAULT_DELAY_US = 100

/**
 * A small device for the board: a word written to DATA comes back after a while with its bytes
 * reversed, and with an interrupt when those are enabled. Registers: resources/docs/hardware-mailbox.md.
 */
export class mailbox extends device_model {
  override name = 'mailbox'
  override deviceId = 0x0a0b
  override bars = [0x1000]
  data = 0
  status = 0
  control = 0
  delay_us = DEFAULT_DELAY_US

  override read(_bar: number, offset: number, _size: number): number {
    switch (offset) {
      case DATA:
        this.status &= ~STATUS_FULL
        return this.data
      case STATUS:
        return this.status
      case CONTROL:
        return this.control
      case DELAY:
        return this.delay_us
      default:
        return 0
    }
  }

  override write(_bar: number, offset: number, _size: number, value: number): void {
    switch (offset) {
      case DATA:
        this.after(this.delay_us * 1_000, 'reply', () => this.#reply(value))
        return
      case CONTROL:
        this.control = value
        return
      case ACK:
        this.status &= ~STATUS_IRQ
        this.lower_irq()
        return
      case DELAY:
        this.delay_us = value
        return
    }
  }

  override reset(): void {
    super.reset()
    this.status = 0
    this.control = 0
    this.delay_us = DEFAULT_DELAY_US
  }

  #reply(word: number): void {
    this.data =
      (((word & 0xff) << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24)) >>>
      0
    this.status |= STATUS_FULL
    if (!(this.control & IRQ_ENABLE)) return
    this.status |= STATUS_IRQ
    this.raise_irq()
  }
}
