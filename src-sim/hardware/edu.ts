import { device_model } from './device-model'

const IDENTIFICATION = 0x010000ed
const FACT_IRQ = 0x1
const DMA_IRQ = 0x100
const STATUS_COMPUTING = 0x01
const STATUS_IRQFACT = 0x80
const DMA_START = 0x1
const DMA_TO_MEMORY = 0x2
const DMA_RAISES_IRQ = 0x4
const BUFFER_START = 0x40000
const BUFFER_SIZE = 4096
const DMA_MASK = 0x0fffffff
const FACTORIAL_NS = 1_000_000
const DMA_NS = 100_000_000

/**
 * The educational device, rebuilt from its public register specification (see
 * resources/docs/hardware-edu.md): identification, liveness, factorials computed beside the CPU,
 * an interrupt that can be raised by hand, and a DMA engine with 28 address bits.
 */
export class edu extends device_model {
  override deviceId = 0x11e8
  override revision = 0x10
  override bars = [0x100000]
  override name = 'edu'
  liveness = 0
  factorial = 0
  status = 0
  irq_status = 0
  dma = { source: 0, destination: 0, count: 0, command: 0 }
  #buffer: Uint8Array | null = null

  /** The memory on the card, made when somebody first needs it. */
  get buffer(): Uint8Array {
    return (this.#buffer ??= new Uint8Array(BUFFER_SIZE))
  }

  override read(_bar: number, offset: number, size: number): number {
    if (offset < 0x80 && size !== 4) return 0xffffffff
    switch (offset) {
      case 0x00:
        return IDENTIFICATION
      case 0x04:
        return this.liveness
      case 0x08:
        return this.factorial
      case 0x20:
        return this.status
      case 0x24:
        return this.irq_status
      case 0x80:
        return this.dma.source
      case 0x88:
        return this.dma.destination
      case 0x90:
        return this.dma.count
      case 0x98:
        return this.dma.command
      default:
        return 0xffffffff
    }
  }

  override write(_bar: number, offset: number, size: number, value: number): void {
    if (offset < 0x80 && size !== 4) return
    const busy = (this.dma.command & DMA_START) !== 0
    switch (offset) {
      case 0x04:
        this.liveness = ~value >>> 0
        return
      case 0x08:
        return this.#compute(value >>> 0)
      case 0x20:
        this.status = (this.status & ~STATUS_IRQFACT) | (value & STATUS_IRQFACT)
        return
      case 0x60:
        return this.#raise(value)
      case 0x64:
        return this.#acknowledge(value)
      case 0x80:
        if (!busy) this.dma.source = value
        return
      case 0x88:
        if (!busy) this.dma.destination = value
        return
      case 0x90:
        if (!busy) this.dma.count = value
        return
      case 0x98:
        if (!busy && value & DMA_START) this.#startDma(value)
        return
    }
  }

  override reset(): void {
    super.reset()
    this.status = 0
    this.irq_status = 0
    this.dma.command = 0
  }

  #compute(n: number): void {
    if (this.status & STATUS_COMPUTING) return
    this.factorial = n
    this.status |= STATUS_COMPUTING
    this.after(FACTORIAL_NS, 'factorial', () => {
      let result = 1
      for (let i = n; i > 0 && n - i < 64; i--) result = Math.imul(result, i) >>> 0
      this.factorial = result
      this.status &= ~STATUS_COMPUTING
      if (this.status & STATUS_IRQFACT) this.#raise(FACT_IRQ)
    })
  }

  #raise(bits: number): void {
    this.irq_status = (this.irq_status | bits) >>> 0
    if (this.irq_status) this.raise_irq()
  }

  #acknowledge(bits: number): void {
    this.irq_status = (this.irq_status & ~bits) >>> 0
    if (!this.irq_status) this.lower_irq()
  }

  #startDma(command: number): void {
    this.dma.command = command
    this.after(DMA_NS, 'dma', () => {
      this.#transfer()
      this.dma.command &= ~DMA_START
      if (command & DMA_RAISES_IRQ) this.#raise(DMA_IRQ)
    })
  }

  /** A transfer that does not lie inside the device's own buffer is refused as a whole. */
  #transfer(): void {
    const { source, destination, count, command } = this.dma
    const inner = command & DMA_TO_MEMORY ? source : destination
    const at = inner - BUFFER_START
    if (at < 0 || count < 0 || at + count > BUFFER_SIZE) return
    if (command & DMA_TO_MEMORY)
      this.dma_write(clampAddress(destination), this.buffer.slice(at, at + count))
    else {
      const bytes = this.dma_read(clampAddress(source), count)
      if (bytes) this.buffer.set(bytes, at)
    }
  }
}

/** The engine has 28 address wires: higher bits are lost. */
const clampAddress = (address: number): number => address % (DMA_MASK + 1)
