import { service } from '../../engine/service'

/** A stretch of physical addresses at which a device answers: a BAR, or registers on the board. */
export interface BusRegion {
  start: number
  size: number
  /** For the trace: the device. */
  object: object
  /** Which of its register windows. */
  bar: number
  /** False: nothing answers just now (decoding is off, the device is not powered). */
  answers(): boolean
  read(offset: number, size: number): number
  write(offset: number, size: number, value: number): void
}

/** What devices decode of the physical address space. */
export class BusSpace {
  readonly #regions: BusRegion[] = []
  #last: BusRegion | null = null

  add(region: BusRegion): void {
    this.#regions.push(region)
  }

  remove(region: BusRegion): void {
    const at = this.#regions.indexOf(region)
    if (at >= 0) this.#regions.splice(at, 1)
    this.#last = null
  }

  find(address: number): BusRegion | null {
    const last = this.#last
    if (last && address >= last.start && address < last.start + last.size) return last
    for (const r of this.#regions)
      if (address >= r.start && address < r.start + r.size) return (this.#last = r)
    return null
  }
}

export const busSpace = service(() => new BusSpace())

/** What a read that nobody answers gives: all ones of its width (DM-96). */
export const allOnes = (width: number): number => (width >= 8 ? 2 ** 53 - 1 : 2 ** (8 * width) - 1)
