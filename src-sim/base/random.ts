/**
 * A small seeded generator (sfc32) that gives the same numbers on every host.
 * Consumers do not share one stream: `split` derives an independent one from a name, so that
 * adding a consumer does not shift the numbers that the others see.
 */
export class Random {
  #a: number
  #b: number
  #c: number
  #d = 1

  constructor(seed: number, name = '') {
    let h = hashText(name, seed >>> 0)
    this.#a = h = mix(h + 0x9e3779b9)
    this.#b = h = mix(h + Math.floor(seed / 0x100000000))
    this.#c = mix(h + 0x85ebca6b)
    for (let i = 0; i < 12; i++) this.uint32()
  }

  split(name: string): Random {
    return new Random(this.uint32(), name)
  }

  uint32(): number {
    const t = (((this.#a + this.#b) | 0) + this.#d) | 0
    this.#d = (this.#d + 1) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = (this.#c << 21) | (this.#c >>> 11)
    this.#c = (this.#c + t) | 0
    return t >>> 0
  }

  /** A whole number in [0, bound). */
  below(bound: number): number {
    return Math.floor((this.uint32() / 0x100000000) * bound)
  }

  /** A fraction in [0, 1). */
  fraction(): number {
    return this.uint32() / 0x100000000
  }
}

function mix(x: number): number {
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b)
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35)
  return (x ^ (x >>> 16)) >>> 0
}

/** 32-bit FNV-1a over UTF-16 units: stable names for schedules and signatures, not for security. */
export function hashText(text: string, seed = 0x811c9dc5): number {
  let h = (seed ^ 0x811c9dc5) >>> 0
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193)
  return h >>> 0
}
