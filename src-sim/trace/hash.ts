/**
 * A 64-bit running hash made of two 32-bit lanes, so that it needs no big integers. Each step is a
 * bijection of the lane for a given word: equal prefixes and different words never collide in a
 * lane. For sameness of runs, not for security.
 */
export class RunningHash {
  a = 0x243f6a88 | 0
  b = 0x13198a2e | 0

  word(w: number): void {
    this.a = lane(this.a, w)
    this.b = lane2(this.b, w)
  }

  /** The same for the five words at the head of an event and those of its arguments. */
  event(
    kind: number, context: number, position: number, time: number, step: number,
    args: Uint32Array, from: number, to: number,
  ): void {
    let a = lane(lane(lane(lane(lane(this.a, kind), context), position), time), step)
    let b = lane2(lane2(lane2(lane2(lane2(this.b, kind), context), position), time), step)
    for (let i = from; i < to; i++) {
      const w = args[i]!
      a = lane(a, w)
      b = lane2(b, w)
    }
    this.a = a
    this.b = b
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

function lane(a: number, w: number): number {
  const x = Math.imul(a ^ w, 0x9e3779b1)
  return (x << 13) | (x >>> 19)
}

function lane2(b: number, w: number): number {
  const x = Math.imul(b ^ w, 0x85ebca77)
  return x ^ (x >>> 15)
}

function finish(x: number): number {
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b)
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35)
  return (x ^ (x >>> 16)) >>> 0
}

const hex = (x: number): string => x.toString(16).padStart(8, '0')
