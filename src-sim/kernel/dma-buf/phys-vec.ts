import { machine } from '../../engine/current'
import { ATTR } from '../dma/attrs'
import { DMA_MAPPING_ERROR } from '../dma/dma-device'
import { mapPhys, unmapPhys } from '../dma/mapping'
import { scatterlist, sg_table } from '../dma/sg'
import { errPtr } from '../err'
import { EINVAL, EIO, ENOMEM } from '../errno'
import { allocate, slab } from '../mm/slab'
import type { p2pdma_provider } from '../pci/p2pdma'
import {
  mapTypeOf, PCI_P2PDMA_MAP_BUS_ADDR, PCI_P2PDMA_MAP_THRU_HOST_BRIDGE,
} from '../pci/p2pdma-route'
import { warn } from '../printk/warn'
import { assertBufferLocked, type dma_buf_attachment } from './buffer'

/** Tables of device memory, which has no pages: drivers/dma-buf/dma-buf-mapping.c. */

const SOURCE = 'drivers/dma-buf/dma-buf-mapping.c'
/** What one entry can hold: 4 GiB less a page. */
const ENTRY_MAX = 0xffff_f000

/** A stretch of physical addresses. */
export interface phys_vec {
  paddr: number
  len: number
}

/** The table, with what it takes to undo its mappings. */
class DeviceTable extends sg_table {
  /** @internal */
  $mapped: { dma: number; size: number }[] = []
}

function entriesFor(address: number, size: number): scatterlist[] {
  const list: scatterlist[] = []
  for (let done = 0; done < size; done += ENTRY_MAX) {
    const sg = new scatterlist()
    sg.dma_address = address + done
    sg.dma_length = Math.min(size - done, ENTRY_MAX)
    list.push(sg)
  }
  return list
}

/** Adds to the last entry what follows it without a gap. */
function append(list: scatterlist[], address: number, size: number): void {
  const last = list.at(-1)
  const joins = last && last.dma_address + last.dma_length === address
  if (joins && last.dma_length + size <= ENTRY_MAX) last.dma_length += size
  else list.push(...entriesFor(address, size))
}

/** Where the device finds each range: on the bus, or behind its translation. 0 or -errno. */
function mapRanges(
  attach: dma_buf_attachment, table: DeviceTable, ranges: readonly phys_vec[],
  busOffset: number | null, dir: number,
): number {
  for (const { paddr, len } of ranges) {
    if (busOffset !== null) {
      append(table.sgl, paddr + busOffset, len)
      continue
    }
    const dma = mapPhys(attach.dev!, paddr, len, dir, ATTR.MMIO)
    if (dma === DMA_MAPPING_ERROR) return -EIO
    table.$mapped.push({ dma, size: len })
    append(table.sgl, dma, len)
  }
  return 0
}

/** With the lock held: the ranges as the attached device reaches them, or an error pointer. */
export function physVecToTable(
  attach: dma_buf_attachment,
  provider: p2pdma_provider | null,
  ranges: readonly phys_vec[],
  dir: number,
): sg_table {
  assertBufferLocked(attach.dmabuf!, 'dma_buf_phys_vec_to_sgt')
  if (!provider) {
    warn(machine(), 'dma-buf-null', `${SOURCE} at dma_buf_phys_vec_to_sgt`, null, { rules: ['DBUF-32'], once: false })
    return errPtr(-EINVAL)
  }
  const route = mapTypeOf(provider, attach.dev!)
  const direct = route === PCI_P2PDMA_MAP_BUS_ADDR
  if (!direct && route !== PCI_P2PDMA_MAP_THRU_HOST_BRIDGE) return errPtr(-EINVAL)
  if (ranges.length === 0) return errPtr(-EINVAL)
  const table = allocate(DeviceTable, true)
  if (table === null) return errPtr(-ENOMEM)
  const ret = mapRanges(attach, table, ranges, direct ? provider.bus_offset : null, dir)
  if (ret) {
    freeTableOf(attach, table, dir)
    return errPtr(ret)
  }
  table.sgl.forEach((sg, i) => {
    sg.$next = table.sgl[i + 1] ?? null
    sg.$last = sg.$next === null
  })
  table.nents = table.sgl.length
  return table
}

/** With the lock held: undoes `physVecToTable`. */
export function freeTableOf(attach: dma_buf_attachment, table: sg_table, dir: number): void {
  assertBufferLocked(attach.dmabuf!, 'dma_buf_free_sgt')
  for (const { dma, size } of (table as DeviceTable).$mapped)
    unmapPhys(attach.dev!, dma, size, dir, ATTR.MMIO)
  slab(machine()).free(table)
}
