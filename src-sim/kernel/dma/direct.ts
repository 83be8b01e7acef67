import { PAGE_SIZE, type DmaAddr, type PhysAddr } from '../../base/units'
import { machine as currentMachine, now } from '../../engine/current'
import { service } from '../../engine/service'
import { dma_alloc, dma_free, dma_map_err, dma_map_phys, dma_unmap_phys } from '../../trace/events'
import { driverString } from '../base/core'
import { device as Device } from '../base/device'
import { emit } from '../emit'
import { faultInjection } from '../mm/fault-injection'
import { physicalMemory } from '../mm/physical'
import { kernelBug } from '../printk/oops'
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
  type MappingType,
} from './mappings'

/** Every address a mask of all ones can reach; masks beyond 2^53 are this value. */
export const MASK_64 = Infinity
/** What a failed mapping answers: all ones, printed as such. */
export const DMA_MAPPING_ERROR = -1

const stackHere = (name: string) => takeStack(currentMachine(), now.exec, kernelFunction(name))

/** Warnings that come once in the life of a machine. */
const warned = service(() => new Set<string>())

function warnOnce(what: string, source: string, text: string | null): void {
  const machine = currentMachine()
  if (warned(machine).has(what)) return
  warned(machine).add(what)
  warn(machine, `dma-${what}`, source, text, { rules: ['DMA-06', 'DMA-17'] })
}

/** DMA-15: a direction that is none ends the task. */
export function checkDirection(direction: number): void {
  if (direction < DMA_BIDIRECTIONAL || direction >= DMA_NONE)
    kernelBug(currentMachine(), 'kernel/dma/mapping.c:161', 'dma_map_phys', ['DMA-15'])
}

function overflow(device: DmaDevice, phys: number, size: number, mask: number): void {
  const who = device instanceof Device ? `${driverString(device)} ${device.$label}: ` : ''
  const place = `0x${phys.toString(16).padStart(16, '0')}+${size}`
  warnOnce(
    'overflow',
    'kernel/dma/direct.h:131 at dma_map_phys',
    `${who}DMA addr ${place} overflow (mask ${mask.toString(16)}, bus limit 0).`,
  )
}

/** A mapping of memory that the device can reach; null, with the kernel's warning, when not. */
export function reach(
  device: DmaDevice,
  cpu: Uint8Array,
  size: number,
  direction: number,
  type: MappingType,
  entries = 0,
): DmaMapping | null {
  const machine = currentMachine()
  const phys = physicalMemory(machine).addressOf(cpu)
  if (device.dma_mask == null) {
    warnOnce('no-mask', 'kernel/dma/mapping.c at dma_map_phys', null)
    return null
  }
  if (phys === null || faultInjection(machine).shouldFail('dma_map_single')) return null
  const mask = device.dma_mask || 0xffffffff
  if (phys + size - 1 > mask) {
    overflow(device, phys, size, mask)
    return null
  }
  return record(device, cpu, phys, size, direction, type, entries)
}

function record(
  device: DmaDevice,
  cpu: Uint8Array,
  phys: PhysAddr,
  size: number,
  direction: number,
  type: MappingType,
  entries: number,
): DmaMapping {
  const mapping = new DmaMapping({
    type,
    device,
    dma: phys as number as DmaAddr,
    phys,
    size,
    direction,
    cpu,
    mapped: stackHere(type === 'phy' ? 'dma_map_single' : 'dma_map_sg'),
    entries,
  })
  dmaMappings(currentMachine()).live.push(mapping)
  return mapping
}

/** Zeroed memory for CPU and device; null when there is none or the device cannot reach it. */
export function allocCoherent(device: DmaDevice, size: number): DmaMapping | null {
  const machine = currentMachine()
  if (faultInjection(machine).shouldFail('dma_alloc_coherent')) return null
  const memory = physicalMemory(machine)
  const pages = Math.max(1, Math.ceil(size / PAGE_SIZE))
  const phys = memory.allocPages(pages)
  if (phys === null) return null
  const mask = device.coherent_dma_mask ?? 0xffffffff
  if (mask === 0) warnOnce('no-coherent-mask', 'kernel/dma/mapping.c at dma_alloc_attrs', null)
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
    entries: 0,
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
  const mapping = mappings.find(device, dma, size, 'coherent', DMA_BIDIRECTIONAL)
  const use = { device, dma, size, direction: DMA_BIDIRECTIONAL, type: 'coherent', entries: 0 } as const
  mappings.on.unmap.emit(use, mapping)
  if (!mapping) return
  const stack = stackHere('dma_free_coherent')
  mappings.end(mapping, stack)
  emit(dma_free, mapping, device, 0x8_8800_0000_0000 + mapping.phys, mapping.dma, size)
  physicalMemory(machine).freePages(mapping.phys, Math.max(1, Math.ceil(mapping.size / PAGE_SIZE)))
}

/** Hands a buffer to a device. Answers the address for the device or DMA_MAPPING_ERROR. */
export function mapSingle(device: DmaDevice, cpu: Uint8Array, size: number, direction: number): number {
  const machine = currentMachine()
  checkDirection(direction)
  const mapping = reach(device, cpu, size, direction, 'phy')
  if (mapping === null) {
    const phys = physicalMemory(machine).addressOf(cpu) ?? 0
    emit(dma_map_err, device, phys, size, DIRECTIONS[direction]!)
    return DMA_MAPPING_ERROR
  }
  announce(mapping)
  return mapping.dma
}

function announce(mapping: DmaMapping): void {
  const { device, phys, dma, size, direction } = mapping
  emit(dma_map_phys, mapping, device, phys, dma, size, DIRECTIONS[direction]!, 0)
  dmaMappings(currentMachine()).on.map.emit(mapping)
}

/** DMA-14: registers of another device, by their physical address. */
export function mapResource(device: DmaDevice, phys: number, size: number, direction: number): number {
  const machine = currentMachine()
  checkDirection(direction)
  const at = phys as PhysAddr
  if (physicalMemory(machine).view(at, size)) dmaMappings(machine).on.resource.emit(device, phys)
  const mapping = record(device, new Uint8Array(0), at, size, direction, 'phy', 0)
  announce(mapping)
  return mapping.dma
}

export function unmapSingle(device: DmaDevice, dma: number, size: number, direction: number): void {
  checkDirection(direction)
  const mappings = dmaMappings(currentMachine())
  const mapping = mappings.find(device, dma, size, 'phy', direction)
  mappings.on.unmap.emit({ device, dma, size, direction, type: 'phy', entries: 0 }, mapping)
  if (!mapping) return
  mappings.end(mapping, stackHere('dma_unmap_single'))
  emit(dma_unmap_phys, mapping, device, dma, size, DIRECTIONS[direction]!, 0)
}

/** DMA-16: asking marks the oldest mapping there that nobody asked about. */
export function mappingError(device: DmaDevice, dma: number): number {
  if (dma === DMA_MAPPING_ERROR) return -12
  const mapping = dmaMappings(currentMachine()).live.find(
    (m) => m.device === device && m.dma === dma && m.type === 'phy' && !m.checked,
  )
  if (mapping) mapping.checked = true
  return 0
}
