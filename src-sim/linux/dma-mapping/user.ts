import { PAGE_SIZE } from '../../base/units'
import { quiet } from '../../kernel/api'
import { backendOf } from '../../kernel/dma/backend'
import { fillTable, mappedPages } from '../../kernel/dma/coherent-pages'
import type { DmaDevice } from '../../kernel/dma/dma-device'
import { pageAligned } from '../../kernel/dma/ranges'
import { physOf } from '../../kernel/mm/page'
import { ENXIO } from '../errno'
import type { page } from '../gfp'
import { remap_pfn_range, type vm_area_struct } from '../mm'
import type { sg_table } from '../scatterlist'
import type { dma_addr_t } from '../types'

/** DMA memory for programs and as a table of pages. Part of `linux/dma-mapping`. */

function showPages(vma: vm_area_struct, pages: readonly number[]): number {
  for (const [i, phys] of pages.entries()) {
    const at = vma.vm_start + i * PAGE_SIZE
    const ret = remap_pfn_range(vma, at, phys / PAGE_SIZE, PAGE_SIZE, 0)
    if (ret) return ret
  }
  return 0
}

const pagesOfVma = (vma: vm_area_struct): number => (vma.vm_end - vma.vm_start) / PAGE_SIZE

/**
 * Shows coherent memory to a program; only from `mmap`. 0, or -ENXIO for more than there is. The
 * memory must outlive the program's mapping, and nothing sees to that (DMA-43).
 */
export function dma_mmap_attrs(
  dev: DmaDevice, vma: vm_area_struct, cpu_addr: Uint8Array, dma_addr: dma_addr_t, size: number,
  _attrs: number,
): number {
  const pages = mappedPages(dev, cpu_addr, dma_addr, size, vma.vm_pgoff, pagesOfVma(vma))
  return pages ? showPages(vma, pages) : -ENXIO
}
export function dma_mmap_coherent(
  dev: DmaDevice, vma: vm_area_struct, cpu_addr: Uint8Array, dma_addr: dma_addr_t, size: number,
): number {
  return dma_mmap_attrs(dev, vma, cpu_addr, dma_addr, size, 0)
}
export const dma_mmap_wc = dma_mmap_coherent

/** Whether `dma_mmap_coherent` can work for the device. */
export const dma_can_mmap = quiet((dev: DmaDevice): boolean => backendOf(dev).name !== 'dummy')

/** The same for pages of `dma_alloc_pages`. */
export function dma_mmap_pages(
  _dev: DmaDevice, vma: vm_area_struct, size: number, page: page,
): number {
  const count = pageAligned(size) / PAGE_SIZE
  const asked = pagesOfVma(vma)
  if (vma.vm_pgoff >= count || asked > count - vma.vm_pgoff) return -ENXIO
  const first = physOf(page) + vma.vm_pgoff * PAGE_SIZE
  return showPages(vma, Array.from({ length: asked }, (_, i) => first + i * PAGE_SIZE))
}

/** And for those of `dma_alloc_noncontiguous`. */
export function dma_mmap_noncontiguous(
  _dev: DmaDevice, vma: vm_area_struct, size: number, sgt: sg_table,
): number {
  const count = pageAligned(size) / PAGE_SIZE
  const asked = pagesOfVma(vma)
  const first = sgt.sgl[0]?.$phys
  if (first == null || vma.vm_pgoff >= count || asked > count - vma.vm_pgoff) return -ENXIO
  const start = first + vma.vm_pgoff * PAGE_SIZE
  return showPages(vma, Array.from({ length: asked }, (_, i) => start + i * PAGE_SIZE))
}

/**
 * A table of the pages behind coherent memory. 0 or -errno. Mapping it for another device is not
 * what it is good for, though nothing objects (DMA-43). Pair: `sg_free_table`.
 */
export function dma_get_sgtable_attrs(
  dev: DmaDevice, sgt: sg_table, cpu_addr: Uint8Array, dma_addr: dma_addr_t, size: number,
  _attrs: number,
): number {
  return fillTable(sgt, dev, cpu_addr, dma_addr, size)
}
export function dma_get_sgtable(
  dev: DmaDevice, sgt: sg_table, cpu_addr: Uint8Array, dma_addr: dma_addr_t, size: number,
): number {
  return fillTable(sgt, dev, cpu_addr, dma_addr, size)
}
