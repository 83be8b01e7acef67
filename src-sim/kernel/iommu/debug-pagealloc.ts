import { PAGE_SIZE } from '../../base/units'
import type { Machine } from '../../engine/machine'
import { service } from '../../engine/service'
import { physicalMemory } from '../mm/physical'
import { warn } from '../printk/warn'
import { iommuCore } from './core'
import type { iommu_domain } from './domain'

/**
 * `iommu.debug_pagealloc=1` (IOMMU-30): counts the mappings of every page. A page that goes back
 * to the allocator while one is left is reported; what only a TLB still knows is not seen.
 */
export class IommuDebug {
  readonly on: boolean
  readonly #machine: Machine
  readonly #counts = new Map<number, number>()

  constructor(machine: Machine) {
    this.#machine = machine
    this.on = iommuCore(machine).setup.debugPagealloc
    if (this.on)
      physicalMemory(machine).onFree = (phys, pages) => this.#freed(phys, pages * PAGE_SIZE)
  }

  mapped(phys: number, size: number): void {
    if (this.on) this.#count(phys, size, 1)
  }

  /** Before the entries go. */
  unmapped(domain: iommu_domain, iova: number, size: number): void {
    for (let at = iova; at < iova + size; at += PAGE_SIZE) {
      const phys = find(domain, at)
      if (phys) this.#count(phys, PAGE_SIZE, -1)
    }
  }

  /** Pages are given back. */
  #freed(phys: number, size: number): void {
    for (let at = phys; at < phys + size; at += PAGE_SIZE) {
      if (!this.#counts.get(at)) continue
      warn(this.#machine, 'page-leak', 'drivers/iommu/iommu-debug-pagealloc.c at __iommu_debug_check_unmapped', 'iommu: Detected page leak!', {
        kind: 'iommu.page-leak',
        rules: ['IOMMU-30'],
        help: 'dma-lifetime',
      })
      return
    }
  }

  #count(phys: number, size: number, by: number): void {
    const first = Math.floor(phys / PAGE_SIZE) * PAGE_SIZE
    for (let at = first; at < phys + size; at += PAGE_SIZE) {
      const n = (this.#counts.get(at) ?? 0) + by
      if (n > 0) this.#counts.set(at, n)
      else this.#counts.delete(at)
    }
  }
}

function find(domain: iommu_domain, iova: number): number {
  const look = domain.ops?.iova_to_phys
  return look ? (look(domain, iova) as number) : 0
}

export const iommuDebug = service((machine) => new IommuDebug(machine))
