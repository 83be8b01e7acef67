/**
 * A 64-bit running hash made of two 32-bit lanes, so that it needs no big integers. Each step is a
 * bijection of the lane for a given word: equal prefixes and different words never collide in a
 * lane. For sameness of runs, not for security.
 */
export class RunningHash {
  a = 0x243f6a88 | 0
  b = 0x13198a2e | 0

  word(w: number): void {
    const a = Math.imul(this.a ^ w, 0x9e3779b1)
    this.a = (a << 13) | (a >>> 19)
    const b = Math.imul(this.b ^ w, 0x85ebca77)
    this.b = b ^ (b >>> 15)
  }

  text(text: string): void {
    this.word(text.length)
    for (let i = 0; i < text.length; i++) this.word(text.charCodeAt(i))
  }

  /** Takes another hash in, as two words. */
  mix(other: RunningHash): this {
    this.word(other.a)
    this.word(other.b)
    return this
  }

  /** 16 hexadecimal digits. */
  digits(): string {
    return hex(finish(this.a ^ (this.b << 7))) + hex(finish(this.b ^ (this.a >>> 5)))
  }
}

function finish(x: number): number {
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b)
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35)
  return (x ^ (x >>> 16)) >>> 0
}

const hex = (x: number): string => x.toString(16).padStart(8, '0')
