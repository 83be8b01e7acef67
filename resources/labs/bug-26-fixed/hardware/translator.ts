import { device_model } from 'klab/hardware'

const COMMAND_NS = 20000
const BEAT_NS = 5000

/**
 * A translation unit with a queue of commands, and an engine behind it that writes through every
 * translation it knows. Commands are carried out one after the other, each in its own time.
 *
 *   0x00 page that commands and translations are about     0x08 physical address: a translation
 *   0x10 invalidate the page                               0x18 report this number when you come here
 *   0x20 the number that was reported last                 0x28 run (1) or stop (0)
 */
export class translator extends device_model {
  vendorId = 0x1022
  deviceId = 0x0b26
  name = 'translator'
  page = 0
  reported = 0
  running = 0
  busy = false
  known = new Map<number, number>()
  queue: { invalidate: boolean; value: number }[] = []

  read(bar: number, offset: number, size: number) {
    return offset === 0x20 ? this.reported : 0
  }

  write(bar: number, offset: number, size: number, value: number) {
    if (offset === 0x00) this.page = value
    if (offset === 0x08) this.known.set(this.page, value)
    if (offset === 0x10) this.command({ invalidate: true, value })
    if (offset === 0x18) this.command({ invalidate: false, value })
    if (offset === 0x28) {
      if (value && !this.running) this.beat()
      this.running = value
    }
  }

  command(command: { invalidate: boolean; value: number }) {
    this.queue.push(command)
    if (!this.busy) this.next()
  }

  next() {
    this.busy = true
    this.after(COMMAND_NS, 'command', () => {
      const command = this.queue.shift()!
      if (command.invalidate) this.known.delete(command.value)
      else this.reported = command.value
      if (this.queue.length > 0) this.next()
      else this.busy = false
    })
  }

  beat() {
    this.after(BEAT_NS, 'beat', () => {
      for (const physical of this.known.values()) this.dma_write(physical, new Uint8Array(8))
      if (this.running) this.beat()
    })
  }
}
