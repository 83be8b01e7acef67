import { machine } from '../../engine/current'
import { hidden } from '../../engine/object'
import * as ev from '../../trace/events'
import { emit } from '../emit'
import { ENOMEM } from '../errno'
import { faultInjection } from '../mm/fault-injection'
import { physicalMemory } from '../mm/physical'
import type { Allocation } from '../mm/slab'
import { kernelBug } from '../printk/oops'
import { ATTR } from './attrs'
import { backendOf } from './backend'
import { dmaDebugHooks } from './debug-hooks'
import { DIRECTIONS, validDirection } from './direction'
import { DMA_MAPPING_ERROR, isCoherent, type DmaDevice } from './dma-device'
import { announce, enter, handOver, leave } from './ledger'
import type { MappingUse } from './mappings'
import { deviceWarnOnce, warnOnce } from './once'

/** kernel/dma/mapping.c: checks, the backend's work, and the books. */

const MAP_LINE = 161
const UNMAP_LINE = 206
const SYNC_LINE = 416

/** DMA-15: a direction that is none ends the task. */
export function checkDirection(direction: number, inside: string, line: number): void {
  if (!validDirection(direction))
    kernelBug(machine(), `kernel/dma/mapping.c:${line}`, inside, ['DMA-15'])
}

/** DMA-06: a device whose bus has set no mask cannot stream. */
export function hasMask(dev: DmaDevice, inside: string): boolean {
  if (dev.dma_mask != null) return true
  warnOnce('no-mask', `kernel/dma/mapping.c at ${inside}`, null, ['DMA-06'])
  return false
}

const phyUse = (
  device: DmaDevice, dma: number, phys: number, size: number, direction: number, attrs: number,
): MappingUse => ({ device, dma, phys, size, direction, attrs, type: 'phy', entries: 0 })

function failed(dev: DmaDevice, phys: number, size: number, direction: number): number {
  emit(ev.dma_map_err, dev, phys, size, DIRECTIONS[direction]!)
  return DMA_MAPPING_ERROR
}

/**
 * DMA-13: the root of all single mappings. The device's address, or -1. `cpu` is how the driver
 * named the memory, if it did.
 */
export function mapPhys(
  dev: DmaDevice, phys: number, size: number, direction: number, attrs: number,
  cpu: Uint8Array | null = null,
): number {
  const m = machine()
  checkDirection(direction, 'dma_map_phys', MAP_LINE)
  if (!hasMask(dev, 'dma_map_phys')) return DMA_MAPPING_ERROR
  if (attrs & ATTR.REQUIRE_COHERENT && !isCoherent(dev)) return DMA_MAPPING_ERROR
  if (faultInjection(m).shouldFail('dma_map_single')) return failed(dev, phys, size, direction)
  const dma = backendOf(dev).mapPhys(dev, phys, size, direction, attrs)
  if (dma === DMA_MAPPING_ERROR) return failed(dev, phys, size, direction)
  const use = phyUse(dev, dma, phys, size, direction, attrs)
  const mapping = enter(use, cpu, 'dma_map_single')
  emit(ev.dma_map_phys, mapping, dev, phys, dma, size, DIRECTIONS[direction]!, attrs)
  announce(mapping)
  dmaDebugHooks(m).mapped.emit(use, cpu)
  return dma
}

/** The backend first, the checks after it (DMA-46). */
export function unmapPhys(
  dev: DmaDevice, dma: number, size: number, direction: number, attrs: number,
  inside = 'dma_unmap_single',
): void {
  checkDirection(direction, 'dma_unmap_phys', UNMAP_LINE)
  const use = phyUse(dev, dma, -1, size, direction, attrs)
  backendOf(dev).unmapPhys(dev, dma, size, direction, attrs)
  const mapping = leave(use, inside)
  if (mapping) emit(ev.dma_unmap_phys, mapping, dev, dma, size, DIRECTIONS[direction]!, attrs)
  dmaDebugHooks(machine()).unmap.emit(use)
}

/** What kind of memory an address is of: only the linear map has a physical address to speak of. */
export type AddressKind = 'linear' | 'vmalloc' | 'static'

export function addressKind(cpu: Uint8Array): AddressKind {
  if (physicalMemory(machine()).addressOf(cpu) !== null) return 'linear'
  const record = hidden(cpu).$alloc as Allocation | undefined
  return record !== undefined && record.module !== '' ? 'static' : 'vmalloc'
}

/** Where `virt_to_phys` ends up for memory outside the linear map: nowhere useful. */
const NONSENSE = 0x7f00_0000_0000

/** DMA-11: memory by its address; stacks and vmalloc memory are refused, loudly once. */
export function mapSingle(
  dev: DmaDevice, cpu: Uint8Array, size: number, direction: number, attrs = 0,
): number {
  const kind = addressKind(cpu)
  if (kind === 'vmalloc') {
    const where = 'include/linux/dma-mapping.h at %f'
    deviceWarnOnce(dev, 'vmalloc', where, 'rejecting DMA map of vmalloc memory', ['DMA-11'])
    return DMA_MAPPING_ERROR
  }
  dmaDebugHooks(machine()).mapSingle.emit(dev, cpu, size)
  const phys = physicalMemory(machine()).addressOf(cpu) ?? NONSENSE
  return mapPhys(dev, phys, size, direction, attrs, cpu)
}

export function unmapSingle(
  dev: DmaDevice, dma: number, size: number, direction: number, attrs = 0,
): void {
  unmapPhys(dev, dma, size, direction, attrs)
}

/** DMA-16: asking marks the oldest mapping there that nobody asked about. */
export function mappingError(dev: DmaDevice, dma: number): number {
  dmaDebugHooks(machine()).mappingError.emit(dev, dma)
  return dma === DMA_MAPPING_ERROR ? -ENOMEM : 0
}

/** DMA-26: nothing to do for coherent devices, unless somebody is watching. */
export const needsSync = (dev: DmaDevice): boolean =>
  !skipsSync(dev) || dmaDebugHooks(machine()).on

/** The device's syncs do nothing so far. */
export const skipsSync = (dev: DmaDevice): boolean => dev.dma_skip_sync === true

/** DMA-27: a mapped buffer changes hands. */
export function syncSingle(
  dev: DmaDevice, dma: number, size: number, direction: number, forCpu: boolean,
): void {
  const mapping = handOver(dev, dma, size, forCpu)
  if (!needsSync(dev)) return
  checkDirection(direction, forCpu ? '__dma_sync_single_for_cpu' : '__dma_sync_single_for_device', SYNC_LINE)
  const backend = backendOf(dev)
  if (forCpu) backend.syncForCpu(dev, dma, size, direction)
  else backend.syncForDevice(dev, dma, size, direction)
  const event = forCpu ? ev.dma_sync_single_for_cpu : ev.dma_sync_single_for_device
  if (mapping) emit(event, mapping, dev, dma, size, DIRECTIONS[direction]!)
  const use = { ...phyUse(dev, dma, -1, size, direction, 0), type: 'single' } as const
  dmaDebugHooks(machine()).sync.emit(use, forCpu)
}
