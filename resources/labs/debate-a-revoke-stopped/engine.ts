import { dma_set_mask_and_coherent, dmam_alloc_coherent, DMA_BIT_MASK } from 'linux/dma-mapping'
import { pci_clear_master, pci_set_master, pcim_enable_device, pcim_iomap, type pci_dev } from 'linux/pci'
import { put_unaligned_le32, put_unaligned_le64 } from 'linux/unaligned'
import { readl, writel, type iomem } from 'linux/io'
import { ptr, type dma_addr_t } from 'linux/types'
import { usleep_range } from 'linux/delay'
import { dma_wmb } from 'linux/barrier'
import { GFP_KERNEL } from 'linux/slab'
import { ENOMEM } from 'linux/errno'

/** Registers of the engine, see the page about ring-dma. */
export const RING_CONTROL = 0x04
export const RING_STATUS = 0x08
export const RING_IRQ = 0x0c
export const RING_IRQ_ENABLE = 0x10
export const RING_SIZE = 0x14
export const RING_BASE = 0x18
export const RING_TAIL = 0x20
export const RING_RECORDS = 0x28

export const CONTROL_RUN = 1
export const STATUS_BUSY = 2
export const IRQ_DONE = 1
export const FROM_MEMORY = 1
export const WANTS_IRQ = 2

export const DESC_BYTES = 16
export const RECORD_BYTES = 8

/** Writes descriptor `index`: what the engine is to move. */
export function ring_desc(ring: Uint8Array, index: number, addr: dma_addr_t, len: number, flags: number) {
  const desc = ring.subarray(index * DESC_BYTES)
  put_unaligned_le64(addr, desc)
  put_unaligned_le32(len, desc.subarray(8))
  put_unaligned_le32(flags, desc.subarray(12))
}

/** The engine has left a record of descriptor `index`. */
export function ring_done(records: Uint8Array, index: number) {
  return records[index * RECORD_BYTES + 4] !== 0
}

/** The engine as a driver knows it. Its ring and its records are managed. */
export class ring_engine {
  regs!: iomem
  ring!: Uint8Array
  records!: Uint8Array
  entries = 0
  next = 0
}

/** Finds the engine, and memory for `entries` descriptors. 0 or -errno. */
export function ring_init(engine: ring_engine, pdev: pci_dev, entries: number) {
  let ret = pcim_enable_device(pdev)
  if (!ret) ret = dma_set_mask_and_coherent(pdev.dev, DMA_BIT_MASK(32))
  if (ret) return ret
  const ring_dma = ptr<dma_addr_t>()
  const records_dma = ptr<dma_addr_t>()
  const ring = dmam_alloc_coherent(pdev.dev, entries * DESC_BYTES, ring_dma, GFP_KERNEL)
  const records = dmam_alloc_coherent(pdev.dev, entries * RECORD_BYTES, records_dma, GFP_KERNEL)
  engine.regs = pcim_iomap(pdev, 0, 0)
  if (!ring || !records || !engine.regs) return -ENOMEM
  engine.ring = ring
  engine.records = records
  engine.entries = entries
  pci_set_master(pdev)
  writel(entries, engine.regs + RING_SIZE)
  writel(ring_dma.value, engine.regs + RING_BASE)
  writel(records_dma.value, engine.regs + RING_RECORDS)
  writel(CONTROL_RUN, engine.regs + RING_CONTROL)
  return 0
}

/** Adds a descriptor; the engine sees it at the next `ring_kick`. Its index. */
export function ring_add(engine: ring_engine, addr: dma_addr_t, len: number, flags: number) {
  const index = engine.next
  put_unaligned_le32(0, engine.records.subarray(index * RECORD_BYTES + 4))
  ring_desc(engine.ring, index, addr, len, flags)
  engine.next = (index + 1) % engine.entries
  return index
}

export function ring_kick(engine: ring_engine) {
  dma_wmb() // the descriptors before the doorbell
  writel(engine.next, engine.regs + RING_TAIL)
}

/** Waits for the record of a descriptor. May sleep. */
export function ring_wait(engine: ring_engine, index: number) {
  while (!ring_done(engine.records, index)) usleep_range(50, 100)
}

/** Stopping is not being idle: what the engine holds it still finishes. May sleep. */
export function ring_stop(engine: ring_engine, pdev: pci_dev) {
  writel(0, engine.regs + RING_CONTROL)
  while (readl(engine.regs + RING_STATUS) & STATUS_BUSY) usleep_range(50, 100)
  pci_clear_master(pdev)
}
