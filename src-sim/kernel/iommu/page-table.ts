import { EADDRINUSE, ENXIO, ERANGE } from '../errno'
import { addRange, type iommu_iotlb_gather } from './gather'
import { pageFor, sizesOf } from './page-sizes'
import type { Leaf, Walkable } from './unit'

/** The addresses that a table can take in and give out. */
export interface TableLimits {
  /** Page sizes as bits. */
  pgsizes: number
  /** The last input address. */
  lastInput: number
  lastOutput: number
}

/**
 * The page table that most IOMMU drivers share (drivers/iommu/generic_pt): leaves of several
 * sizes. Only the leaves are kept, by the address that they begin at; a level of the real table is
 * one map here.
 */
export class IoPageTable implements Walkable {
  readonly limits: TableLimits
  readonly #sizes: number[]
  readonly #levels: Map<number, Leaf>[]

  constructor(limits: TableLimits) {
    this.limits = limits
    this.#sizes = sizesOf(limits.pgsizes)
    this.#levels = this.#sizes.map(() => new Map<number, Leaf>())
  }

  /** 0, or why not; nothing is mapped then (IOMMU-16). */
  map(iova: number, phys: number, size: number, prot: number): number {
    const { pgsizes, lastInput, lastOutput } = this.limits
    const min = this.#sizes[this.#sizes.length - 1]!
    if (iova + size - 1 > lastInput || phys + size - 1 > lastOutput) return -ERANGE
    if (iova % min || phys % min || size % min) return -ENXIO
    const done: { at: number; size: number }[] = []
    for (let offset = 0; offset < size; ) {
      const { pgsize, count } = pageFor(pgsizes, iova + offset, phys + offset, size - offset)
      for (let i = 0; i < count; i++, offset += pgsize) {
        const at = iova + offset
        if (this.#occupied(at, pgsize)) {
          for (const leaf of done) this.#levelOf(leaf.size).delete(leaf.at)
          return -EADDRINUSE
        }
        this.#levelOf(pgsize).set(at, { phys: phys + offset, size: pgsize, prot })
        done.push({ at, size: pgsize })
      }
    }
    return 0
  }

  /**
   * Bytes that are gone: up to the first hole, all of a large page in which the range ends, and
   * none of one in which it begins (IOMMU-17).
   */
  unmap(iova: number, size: number, gather: iommu_iotlb_gather): number {
    let at = iova
    while (at < iova + size) {
      const found = this.walk(at)
      if (!found || found.start !== at) break
      this.#levelOf(found.leaf.size).delete(at)
      at += found.leaf.size
    }
    if (at > iova) addRange(gather, iova, at - iova)
    return at - iova
  }

  walk(iova: number): { leaf: Leaf; start: number } | null {
    for (const [level, size] of this.#sizes.entries()) {
      const start = Math.floor(iova / size) * size
      const leaf = this.#levels[level]!.get(start)
      if (leaf) return { leaf, start }
    }
    return null
  }

  toPhys(iova: number): number {
    const found = this.walk(iova)
    return found ? found.leaf.phys + (iova - found.start) : 0
  }

  /** Pages that are mapped, by their addresses. */
  *leaves(): Iterable<{ start: number; leaf: Leaf }> {
    for (const level of this.#levels) for (const [start, leaf] of level) yield { start, leaf }
  }

  #levelOf(size: number): Map<number, Leaf> {
    return this.#levels[this.#sizes.indexOf(size)]!
  }

  /** Something lies in a page of this size, or the page lies in something. */
  #occupied(start: number, size: number): boolean {
    if (this.walk(start)) return true
    for (const [level, smaller] of this.#sizes.entries()) {
      if (smaller >= size || this.#levels[level]!.size === 0) continue
      for (let at = start; at < start + size; at += smaller)
        if (this.#levels[level]!.has(at)) return true
    }
    return false
  }
}
