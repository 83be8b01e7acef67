import type { PhysAddr } from '../../base/units'
import { machine } from '../../engine/current'
import { KernelObject } from '../../engine/object'
import { page, physOf } from '../mm/page'
import { physicalMemory } from '../mm/physical'

/** One piece of memory of a scatter list: what the CPU has put in, and what the device is told. */
export class scatterlist extends KernelObject {
  /** Counts from the page that the piece begins in. */
  offset = 0
  length = 0
  dma_address = 0
  dma_length = 0
  /** @internal A page, or memory that has none (stack, static data). */
  $base: page | Uint8Array | null = null
  /** @internal */
  $next: scatterlist | null = null
  /** @internal No memory of its own, but the way to another list. */
  $chain: scatterlist | null = null
  /** @internal No entry follows. */
  $last = false
  /** @internal The address is one of the bus: nothing was mapped. */
  $busAddress = false

  /** @internal Where the piece is; null: in no memory that a device could reach. */
  get $phys(): number | null {
    const base = this.$base
    if (base === null) return null
    if (base instanceof page) return physOf(base) + this.offset
    const at = physicalMemory(machine()).addressOf(base)
    return at === null ? null : at + this.offset
  }
}

/** A list and how long it is: for the CPU (orig_nents) and, once mapped, for the device (nents). */
export class sg_table {
  sgl: scatterlist[] = []
  nents = 0
  orig_nents = 0
}

/** A list, or the array that holds it. */
export type SgList = scatterlist | readonly scatterlist[]

export const firstOf = (sgl: SgList): scatterlist | null =>
  sgl instanceof scatterlist ? sgl : (sgl[0] ?? null)

/** The entry behind; one that only leads to another list is passed over. */
export function nextOf(sg: scatterlist): scatterlist | null {
  const next = sg.$last ? null : sg.$next
  return next?.$chain ?? next
}

/** The first `count` entries of a list. */
export function entriesOf(sgl: SgList, count: number): scatterlist[] {
  const entries: scatterlist[] = []
  for (let sg = firstOf(sgl); sg !== null && entries.length < count; sg = nextOf(sg))
    entries.push(sg)
  return entries
}

/** The CPU's view of a piece. */
export function bytesOf(sg: scatterlist): Uint8Array {
  const phys = sg.$phys
  if (phys !== null)
    return physicalMemory(machine()).view(phys as PhysAddr, sg.length) ?? new Uint8Array(0)
  const base = sg.$base as Uint8Array | null
  return base === null ? new Uint8Array(0) : base.subarray(sg.offset, sg.offset + sg.length)
}
