/**
 * How a class of locks has been used: bit 0 read, bit 1 direction (used in an interrupt, or held
 * with that kind of interrupt enabled), bit 2 softirq; then two bits for any use at all.
 */
export const USED_IN_HARDIRQ = 0
export const ENABLED_HARDIRQ = 2
export const USED_IN_SOFTIRQ = 4
export const ENABLED_SOFTIRQ = 6
export const USED = 8
export const USED_READ = 9
/** Not a usage that is kept: taken in an NMI. */
export const IN_NMI = 10

export const READ = 1
export const DIRECTION = 2

export const flag = (bit: number): number => 1 << bit

export const USED_IN_ALL = 0b00110011
export const ENABLED_ALL = 0b11001100
/** Bits of exclusive use. */
export const WRITE_BITS = 0b01010101
const READ_BITS = 0b10101010

const invert = (mask: number): number =>
  ((mask & ENABLED_ALL) >> DIRECTION) | ((mask & USED_IN_ALL) << DIRECTION)

/** What conflicts with the given usages: the other direction, read or not. */
export function conflicting(mask: number): number {
  let result = invert(mask)
  result |= (result & READ_BITS) >> READ
  result |= (result & WRITE_BITS) << READ
  return result
}

/** The opposite of a bit, for writers. */
export const opposite = (bit: number): number => (bit & ~(READ | DIRECTION)) | ((bit & DIRECTION) ^ DIRECTION)

/** A pair of bits, one of each mask, that conflict. */
export function conflictingPair(inMask: number, enabledMask: number): [number, number] | null {
  for (let bit = 0; bit < USED; bit++) {
    if ((inMask & flag(bit)) === 0) continue
    const other = opposite(bit)
    if (enabledMask & flag(other)) return [bit, other]
    if (enabledMask & flag(other | READ)) return [bit, other | READ]
  }
  return null
}

const NAMES = [
  'IN-HARDIRQ-W', 'IN-HARDIRQ-R', 'HARDIRQ-ON-W', 'HARDIRQ-ON-R',
  'IN-SOFTIRQ-W', 'IN-SOFTIRQ-R', 'SOFTIRQ-ON-W', 'SOFTIRQ-ON-R',
  'INITIAL USE', 'INITIAL READ USE', 'IN-NMI',
] as const

export const usageName = (bit: number): string => NAMES[bit]!

/** `HARDIRQ`, `SOFTIRQ-READ` ... of a bit. */
export function irqName(bit: number): string {
  const state = bit & 4 ? 'SOFTIRQ' : 'HARDIRQ'
  return bit & READ ? `${state}-READ` : state
}

function usageChar(mask: number, bit: number): string {
  const on = (mask & flag(bit + DIRECTION)) !== 0
  const inside = (mask & flag(bit)) !== 0
  return on ? (inside ? '?' : '+') : inside ? '-' : '.'
}

/** The four characters of a usage string: hardirq, hardirq-read, softirq, softirq-read. */
export const usageText = (mask: number): string => [0, 1, 4, 5].map((b) => usageChar(mask, b)).join('')
