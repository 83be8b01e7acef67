import { PAGE_SIZE, type DmaAddr } from '../../base/units'
import { machine as currentMachine, now } from '../../engine/current'
import { dma_alloc, dma_free, dma_map_err, dma_map_phys, dma_unmap_phys } from '../../trace/events'
import { emit } from '../emit'
import { faultInjection } from '../mm/fault-injection'
import { physicalMemory } from '../mm/physical'
import { warn } from '../printk/warn'
import { takeStack } from '../report'
import { kernelFunction, mightSleep } from '../sched/schedule'
import {
  DIRECTIONS,
  DMA_BIDIRECTIONAL,
  DMA_NONE,
  dmaMappings,
  DmaMapping,
  type DmaDevice,
} from './mappings'

/** Every address a mask of all ones can reach; masks beyond 2^53 are this value. */
export const MASK_64 = Infinity
/** What a failed mapping answers: all ones, printed as such. */
export const DMA_MAPPING_ERROR = -1

const stackHere = (name: string) => takeStack(currentMachine(), now.exec, kernelFunction(name))

/** Zeroed memory for CPU and device; null when there is none or the device cannot reach it. */
export function allocCoherent(device: DmaDevice, size: number): DmaMapping | null {
  const machine = currentMachine()
  if (faultInjection(machine).shouldFail('dma_alloc_coherent')) return null
  const memory = physicalMemory(machine)
  const pages = Math.max(1, Math.ceil(size / PAGE_SIZE))
  const phys = memory.allocPages(pages)
  if (phys === null) return null
  const mask = device.coherent_dma_mask ?? 0xffffffff
  if (phys + size - 1 > mask) {
    memory.freePages(phys, pages)
    return null
  }
  const cpu = memory.view(phys, size)!
  const mapping = new DmaMapping({
    type: 'coherent',
    device,
    dma: phys as number as DmaAddr,
    phys,
    size,
    direction: DMA_BIDIRECTIONAL,
    cpu,
    mapped: stackHere('dma_alloc_coherent'),
  })
  dmaMappings(machine).live.push(mapping)
  emit(dma_alloc, mapping, device, 0x8_8800_0000_0000 + phys, mapping.dma, size, 0)
  dmaMappings(machine).on.map.emit(mapping)
  return mapping
}

/**
 * Gives coherent memory back. May sleep (the CPU's view may have to be unmapped), and warns when
 * interrupts are off. The memory can be reused at once: the device must have stopped before.
 */
export function freeCoherent(device: DmaDevice, size: number, cpu: Uint8Array | null, dma: number): void {
  const machine = currentMachine()
  if (now.cpu?.irqsOff) warn(machine, 'irqs-disabled', 'kernel/dma/mapping.c at dma_free_attrs', null, { rules: ['DMA-39'] })
  mightSleep('dma_free_coherent')
  if (cpu === null) return
  const mappings = dmaMappings(machine)
  const mapping = mappings.find(device, dma, size)
  mappings.on.unmap.emit(device, dma, size, DMA_BIDIRECTIONAL, 'coherent', mapping)
  if (!mapping) return
  const stack = stackHere('dma_free_coherent')
  mappings.end(mapping, stack)
  emit(dma_free, mapping, device, 0x8_8800_0000_0000 + mapping.phys, mapping.dma, size)
  physicalMemory(machine).freePages(mapping.phys, Math.max(1, Math.ceil(mapping.size / PAGE_SIZE)))
}

/** Hands a buffer to a device. Answers the address for the device or DMA_MAPPING_ERROR. */
export function mapSingle(device: DmaDevice, cpu: Uint8Array, size: number, direction: number): number {
  const machine = currentMachine()
  const phys = physicalMemory(machine).addressOf(cpu)
  const mask = device.dma_mask ?? 0xffffffff
  const failed = faultInjection(machine).shouldFail('dma_map_single')
  if (phys === null || direction === DMA_NONE || failed || phys + size - 1 > mask) {
    emit(dma_map_err, device, phys ?? 0, size, DIRECTIONS[direction] ?? 'NONE')
    return DMA_MAPPING_ERROR
  }
  const mapping = new DmaMapping({
    type: 'phy',
    device,
    dma: phys as number as DmaAddr,
    phys,
    size,
    direction,
    cpu,
    mapped: stackHere('dma_map_single'),
  })
  const mappings = dmaMappings(machine)
  mappings.live.push(mapping)
  emit(dma_map_phys, mapping, device, phys, mapping.dma, size, DIRECTIONS[direction]!, 0)
  mappings.on.map.emit(mapping)
  return mapping.dma
}

export function unmapSingle(device: DmaDevice, dma: number, size: number, direction: number): void {
  const machine = currentMachine()
  const mappings = dmaMappings(machine)
  const mapping = mappings.find(device, dma, size)
  mappings.on.unmap.emit(device, dma, size, direction, 'phy', mapping)
  if (!mapping) return
  mappings.end(mapping, stackHere('dma_unmap_single'))
  emit(dma_unmap_phys, mapping, device, dma, size, DIRECTIONS[direction] ?? 'NONE', 0)
}

export function mappingError(device: DmaDevice, dma: number): number {
  if (dma === DMA_MAPPING_ERROR) return -12
  const mapping = dmaMappings(currentMachine()).live.find(
    (m) => m.device === device && m.dma === dma && m.type === 'phy',
  )
  if (mapping) mapping.checked = true
  return 0
}
