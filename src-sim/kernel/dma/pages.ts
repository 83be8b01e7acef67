import { PAGE_SIZE, type PhysAddr } from '../../base/units'
import { machine } from '../../engine/current'
import * as ev from '../../trace/events'
import { emit } from '../emit'
import { pfnToPage } from '../mm/page'
import { physicalMemory } from '../mm/physical'
import { ATTR } from './attrs'
import { backendOf, type DmaMemory } from './backend'
import { GFP, GFP_ZONES, LINEAR_MAP } from './coherent'
import { dmaDebugHooks } from './debug-hooks'
import type { DmaDevice } from './dma-device'
import { announce, enter, leave } from './ledger'
import type { MappingUse } from './mappings'
import { warnOnce } from './once'
import { pageAligned } from './ranges'
import { scatterlist, sg_table } from './sg'

/** Whole pages that are mapped while they exist, and synced by hand (DMA-42). */

const useOf = (
  device: DmaDevice, memory: DmaMemory, size: number, direction: number,
): MappingUse => ({
  device,
  dma: memory.dma,
  phys: memory.phys,
  size: pageAligned(size),
  direction,
  type: 'noncoherent',
  entries: 0,
  attrs: 0,
})

function refused(dev: DmaDevice, gfp: number): boolean {
  const where = 'kernel/dma/mapping.c at __dma_alloc_pages'
  const wrong = !dev.coherent_dma_mask
    ? 'no-coherent-mask' : gfp & GFP_ZONES ? 'zone' : gfp & GFP.COMP ? 'compound' : null
  if (wrong) warnOnce(wrong, where, null, ['DMA-06', 'DMA-42'])
  return wrong !== null
}

/** Zeroed pages and the device's address of them; null when there are none. */
export function allocMappedPages(
  dev: DmaDevice, size: number, direction: number, gfp: number,
): DmaMemory | null {
  if (refused(dev, gfp)) return null
  const memory = backendOf(dev).allocPages(dev, pageAligned(size), direction, gfp)
  if (!memory) return null
  const use = useOf(dev, memory, size, direction)
  const mapping = enter(use, memory.cpu, 'dma_alloc_pages')
  emit(ev.dma_alloc, mapping, dev, LINEAR_MAP + memory.phys, memory.dma, use.size, 0)
  announce(mapping)
  dmaDebugHooks(machine()).mapped.emit(use, memory.cpu)
  return memory
}

export function freeMappedPages(
  dev: DmaDevice, size: number, phys: number, dma: number, direction: number,
): void {
  const bytes = pageAligned(size)
  const cpu = physicalMemory(machine()).view(phys as PhysAddr, bytes) ?? new Uint8Array(0)
  const use = useOf(dev, { cpu, dma, phys }, size, direction)
  dmaDebugHooks(machine()).unmap.emit(use)
  const mapping = leave(use, 'dma_free_pages')
  if (mapping) emit(ev.dma_free, mapping, dev, LINEAR_MAP + phys, dma, bytes)
  backendOf(dev).freePages(dev, bytes, cpu, dma, direction)
}

/** Pages that are one segment for the device, whatever they are for the CPU. */
export function allocNoncontiguous(
  dev: DmaDevice, size: number, direction: number, gfp: number, attrs: number,
): sg_table | null {
  const where = 'kernel/dma/mapping.c at dma_alloc_noncontiguous'
  if (attrs & ~ATTR.ALLOC_SINGLE_PAGES) {
    warnOnce('noncontiguous-attrs', where, null, ['DMA-42'])
    return null
  }
  if (gfp & GFP.COMP) {
    warnOnce('compound', where, null, ['DMA-42'])
    return null
  }
  if (refused(dev, gfp)) return null
  const memory = backendOf(dev).allocPages(dev, pageAligned(size), direction, gfp)
  if (!memory) return null
  const table = oneSegment(memory, pageAligned(size))
  const use = { ...useOf(dev, memory, size, direction), type: 'scatter-gather', entries: 1 } as const
  const mapping = enter(use, memory.cpu, 'dma_alloc_noncontiguous')
  emit(ev.dma_alloc, mapping, dev, LINEAR_MAP + memory.phys, memory.dma, use.size, attrs)
  announce(mapping)
  dmaDebugHooks(machine()).mapSg.emit(dev, table.sgl, 1, direction, attrs)
  return table
}

function oneSegment(memory: DmaMemory, bytes: number): sg_table {
  const table = new sg_table()
  const sg = new scatterlist()
  sg.$base = pfnToPage(memory.phys / PAGE_SIZE)
  sg.length = sg.dma_length = bytes
  sg.dma_address = memory.dma
  sg.$last = true
  table.sgl = [sg]
  table.nents = table.orig_nents = 1
  return table
}

export function freeNoncontiguous(
  dev: DmaDevice, size: number, table: sg_table, direction: number,
): void {
  const sg = table.sgl[0]!
  dmaDebugHooks(machine()).unmapSg.emit(dev, table.sgl, direction, 0)
  const memory = { cpu: new Uint8Array(0), dma: sg.dma_address, phys: sg.$phys ?? 0 }
  const use = { ...useOf(dev, memory, size, direction), type: 'scatter-gather', entries: 1 } as const
  const mapping = leave(use, 'dma_free_noncontiguous')
  if (mapping) emit(ev.dma_free, mapping, dev, LINEAR_MAP + memory.phys, memory.dma, use.size)
  const cpu = physicalMemory(machine()).view(memory.phys as PhysAddr, pageAligned(size))
  if (cpu) backendOf(dev).freePages(dev, pageAligned(size), cpu, memory.dma, direction)
  table.sgl = []
}
