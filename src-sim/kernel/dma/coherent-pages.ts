import { PAGE_SIZE } from '../../base/units'
import { ENXIO } from '../errno'
import { pfnToPage } from '../mm/page'
import { backendOf } from './backend'
import type { DmaDevice } from './dma-device'
import { scatterlist, sg_table } from './sg'

/** What coherent memory consists of, for those who show it to programs or to other devices. */

/** The physical addresses of the pages that a program asks for; null: -ENXIO (DMA-43). */
export function mappedPages(
  dev: DmaDevice, cpu: Uint8Array, dma: number, size: number, first: number, count: number,
): number[] | null {
  const pages = backendOf(dev).pagesOf(dev, cpu, dma, size)
  if (!pages || first >= pages.length || count > pages.length - first) return null
  return pages.slice(first, first + count)
}

/** A table of the pages, neighbours in one entry. 0 or -ENXIO. */
export function fillTable(
  table: sg_table, dev: DmaDevice, cpu: Uint8Array, dma: number, size: number,
): number {
  const pages = backendOf(dev).pagesOf(dev, cpu, dma, size)
  if (!pages) return -ENXIO
  const list: scatterlist[] = []
  for (const phys of pages) {
    const last = list.at(-1)
    if (last && last.$phys! + last.length === phys) last.length += PAGE_SIZE
    else {
      const sg = new scatterlist()
      sg.$base = pfnToPage(phys / PAGE_SIZE)
      sg.length = PAGE_SIZE
      if (last) last.$next = sg
      list.push(sg)
    }
  }
  list.at(-1)!.$last = true
  table.sgl = list
  table.nents = table.orig_nents = list.length
  return 0
}
