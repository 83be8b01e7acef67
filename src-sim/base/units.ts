/** Units that must not be mixed are branded numbers. Doubles are exact to 2^53, checked where it matters. */
declare const brand: unique symbol
export type Branded<Name extends string> = number & { readonly [brand]: Name }

/** Nanoseconds of virtual time since boot (exact for 104 simulated days). */
export type Nanos = Branded<'Nanos'>
/** A physical byte address of the simulated machine (52 bits). */
export type PhysAddr = Branded<'PhysAddr'>
/** An address as a device sees it. */
export type DmaAddr = Branded<'DmaAddr'>
/** A page frame number. */
export type Pfn = Branded<'Pfn'>

export const nanos = (value: number): Nanos => value as Nanos
export const US = 1_000
export const MS = 1_000_000
export const SEC = 1_000_000_000
export const PAGE_SHIFT = 12
export const PAGE_SIZE = 4096
