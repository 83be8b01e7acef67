/** A list of 32-bit words that grows. Read `data` only up to `length`. */
export class Words {
  data = new Uint32Array(4)
  length = 0

  push(word: number): void {
    if (this.length === this.data.length) {
      const data = new Uint32Array(this.length * 2)
      data.set(this.data)
      this.data = data
    }
    this.data[this.length++] = word
  }

  /** The last word, undefined when there is none. */
  get last(): number | undefined {
    return this.length === 0 ? undefined : this.data[this.length - 1]
  }

  /**
   * Index of the first word from `low` on (and before `high`) that is not below `value`; words must
   * be sorted.
   */
  lowerBound(value: number, low = 0, high = this.length): number {
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.data[middle]! < value) low = middle + 1
      else high = middle
    }
    return low
  }
}
