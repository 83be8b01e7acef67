import { PAGE_SIZE } from '../../base/units'
import { machine } from '../../engine/current'
import type { DmaDevice } from '../dma/dma-device'
import { mapSg, unmapSg } from '../dma/mapping-sg'
import { scatterlist, sg_table } from '../dma/sg'
import { errPtr } from '../err'
import { EINVAL, ENOMEM } from '../errno'
import type { page } from '../mm/page'
import { allocate, slab } from '../mm/slab'

/** Scatter tables of exporters whose buffers are pages. */

/** A stretch of pages that follow each other. */
export interface Run {
  first: page
  pages: number
}

/** A table with an entry for each run; null without memory. */
export function tableOf(runs: readonly Run[]): sg_table | null {
  const table = allocate(sg_table, true)
  if (table === null) return null
  table.sgl = runs.map(({ first, pages }) => {
    const sg = new scatterlist()
    sg.$base = first
    sg.length = pages * PAGE_SIZE
    return sg
  })
  table.sgl.forEach((sg, i) => {
    sg.$next = table.sgl[i + 1] ?? null
    sg.$last = sg.$next === null
  })
  table.nents = table.orig_nents = runs.length
  return table
}

/** `dma_map_sgtable`: 0 or -errno. */
export function mapTable(dev: DmaDevice, table: sg_table, dir: number, attrs = 0): number {
  const segments = mapSg(dev, table.sgl, table.orig_nents, dir, attrs)
  if (segments <= 0) return segments || -EINVAL
  table.nents = segments
  return 0
}

export function unmapTable(dev: DmaDevice, table: sg_table, dir: number, attrs = 0): void {
  unmapSg(dev, table.sgl, table.orig_nents, dir, attrs)
}

export function freeTable(table: sg_table): void {
  slab(machine()).free(table)
}

/** A new table that is mapped for a device, or an error pointer. */
export function mappedTable(
  dev: DmaDevice, runs: readonly Run[], dir: number, attrs = 0,
): sg_table {
  const table = tableOf(runs)
  if (table === null) return errPtr(-ENOMEM)
  const ret = mapTable(dev, table, dir, attrs)
  if (ret === 0) return table
  freeTable(table)
  return errPtr(ret)
}
