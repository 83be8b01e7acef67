import { PAGE_SIZE } from '../../base/units'
import { machine, now } from '../../engine/current'
import { hidden } from '../../engine/object'
import * as ev from '../../trace/events'
import { emit } from '../emit'
import { faultInjection } from '../mm/fault-injection'
import { slab } from '../mm/slab'
import { warn } from '../printk/warn'
import { ATTR } from './attrs'
import { backendOf, type DmaMemory } from './backend'
import { dmaDebugHooks } from './debug-hooks'
import { allocDeclared, freeDeclared } from './declared'
import { DMA_BIDIRECTIONAL } from './direction'
import type { DmaDevice } from './dma-device'
import { announce, enter, leave } from './ledger'
import { dmaMappings, type DmaMapping, type MappingUse } from './mappings'
import { warnOnce } from './once'

/** Coherent memory in kernel/dma/mapping.c. */

export const GFP = { DMA: 0x1, HIGHMEM: 0x2, DMA32: 0x4, ZERO: 0x100, COMP: 0x40000 } as const
export const GFP_ZONES = GFP.DMA | GFP.HIGHMEM | GFP.DMA32
const KERNEL = 0xcc0
/** Where the linear map of physical memory begins. */
export const LINEAR_MAP = 0x8_8800_0000_0000

const useOf = (device: DmaDevice, memory: DmaMemory, size: number, attrs: number): MappingUse => ({
  device,
  dma: memory.dma,
  phys: memory.phys,
  size,
  direction: DMA_BIDIRECTIONAL,
  type: 'coherent',
  entries: 0,
  attrs,
})

/** DMA-38: zeroed memory for CPU and device; null when there is none or it is out of reach. */
export function allocCoherent(
  dev: DmaDevice, size: number, gfp: number = KERNEL, attrs = 0,
): DmaMapping | null {
  const m = machine()
  if (!dev.coherent_dma_mask)
    warnOnce('no-coherent-mask', 'kernel/dma/mapping.c at dma_alloc_attrs', null, ['DMA-06'])
  if (gfp & GFP.COMP) {
    warnOnce('compound', 'kernel/dma/mapping.c at dma_alloc_attrs', null, ['DMA-38'])
    return null
  }
  if (faultInjection(m).shouldFail('dma_alloc_coherent')) return null
  const memory = dev.dma_mem
    ? allocDeclared(dev.dma_mem, size)
    : backendOf(dev).alloc(dev, size, gfp & ~GFP_ZONES, attrs)
  if (memory === null) return null
  const use = useOf(dev, memory, size, attrs)
  const mapping = enter(use, memory.cpu, 'dma_alloc_coherent')
  emit(ev.dma_alloc, mapping, dev, LINEAR_MAP + memory.phys, memory.dma, size, attrs)
  announce(mapping)
  if (!dev.dma_mem) dmaDebugHooks(m).mapped.emit(use, memory.cpu)
  return mapping
}

/**
 * DMA-39: gives coherent memory back, which can be reused at once: the device must have stopped
 * before. The checks come first, and never keep it from happening.
 */
export function freeCoherent(
  dev: DmaDevice, size: number, cpu: Uint8Array | null, dma: number, attrs = 0,
): void {
  const m = machine()
  if (dev.dma_mem && cpu && freeDeclared(dev.dma_mem, size, cpu)) {
    end(useOf(dev, { cpu, dma, phys: -1 }, size, attrs), cpu)
    return
  }
  if (now.cpu?.irqsOff)
    warn(m, 'irqs-disabled', 'kernel/dma/mapping.c at dma_free_attrs', null, { rules: ['DMA-39'] })
  if (cpu === null) return
  const use = useOf(dev, { cpu, dma, phys: -1 }, size, attrs)
  if (!isCookie(use)) dmaDebugHooks(m).unmap.emit(use)
  end(use, cpu)
  backendOf(dev).free(dev, size, cpu, dma, attrs)
}

/** What the CPU has is no address: the books know nothing of such memory (DMA-44). */
function isCookie({ device, dma, size, type, direction }: MappingUse): boolean {
  const mapping = dmaMappings(machine()).find(device, dma, size, type, direction)
  return mapping !== null && (mapping.attrs & ATTR.NO_KERNEL_MAPPING) !== 0
}

function end(use: MappingUse, cpu: Uint8Array): void {
  const mapping = leave(use, 'dma_free_coherent')
  if (!mapping) return
  emit(ev.dma_free, mapping, use.device, LINEAR_MAP + mapping.phys, mapping.dma, use.size)
  poison(mapping, cpu)
}

/** The CPU's view of memory that was freed: using it is a use after free like any other. */
function poison(mapping: DmaMapping, cpu: Uint8Array): void {
  if (!slab(machine()).poison) return
  hidden(cpu).$dead = {
    object: cpu,
    address: LINEAR_MAP + mapping.phys,
    bytes: mapping.size,
    cache: 'page',
    pages: Math.ceil(mapping.size / PAGE_SIZE),
    physical: mapping.phys,
    allocated: mapping.mapped,
    freed: mapping.unmapped,
    module: '',
  }
}
