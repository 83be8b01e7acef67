import { device_model } from 'klab/hardware'

const CALL = 0x00
const ANSWER = 0x04
const ANSWER_NS = 20_000_000

/** A signal processor: takes the number of a call and gives it back, with an interrupt, 20 ms later. */
export class dsp extends device_model {
  vendorId = 0x17cb
  deviceId = 0x0d5b
  name = 'dsp'
  answers: number[] = []

  /** Reading an answer takes it off the queue; 0 when there is none. */
  read(bar: number, offset: number, size: number) {
    if (offset !== ANSWER) return 0
    const answer = this.answers.shift() ?? 0
    if (!this.answers.length) this.lower_irq()
    return answer
  }

  write(bar: number, offset: number, size: number, value: number) {
    if (offset !== CALL) return
    this.after(ANSWER_NS, 'call', () => {
      this.answers.push(value)
      this.raise_irq()
    })
  }
}
