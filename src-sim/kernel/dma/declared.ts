import { PAGE_SIZE, type PhysAddr } from '../../base/units'
import { machine } from '../../engine/current'
import { EBUSY, EINVAL, ENXIO } from '../errno'
import { physicalMemory } from '../mm/physical'
import type { DmaDevice } from './dma-device'
import type { DmaMemory } from './backend'

/** Memory that belongs to one device: all its coherent allocations come from there (DMA-38). */
export interface DeclaredMemory {
  phys: number
  dma: number
  pages: boolean[]
}

/** 0, -EINVAL without a size, -ENXIO where no memory is, -EBUSY for a device that has some. */
export function declareMemory(dev: DmaDevice, phys: number, dma: number, size: number): number {
  if (size === 0) return -EINVAL
  if (!physicalMemory(machine()).view(phys as PhysAddr, size)) return -ENXIO
  if (dev.dma_mem) return -EBUSY
  dev.dma_mem = { phys, dma, pages: new Array<boolean>(Math.floor(size / PAGE_SIZE)).fill(false) }
  return 0
}

export function releaseDeclaredMemory(dev: DmaDevice): void {
  dev.dma_mem = null
}

const orderOf = (size: number): number => {
  let pages = 1
  while (pages * PAGE_SIZE < size) pages *= 2
  return pages
}

/** A power of two of pages, aligned to itself; null when there is none. */
export function allocDeclared(memory: DeclaredMemory, size: number): DmaMemory | null {
  const count = orderOf(size)
  const { pages } = memory
  for (let at = 0; at + count <= pages.length; at += count) {
    if (pages.slice(at, at + count).includes(true)) continue
    pages.fill(true, at, at + count)
    const phys = memory.phys + at * PAGE_SIZE
    const cpu = physicalMemory(machine()).view(phys as PhysAddr, size)!
    cpu.fill(0)
    return { cpu, dma: memory.dma + at * PAGE_SIZE, phys }
  }
  return null
}

/** Whether the memory was one of these; it is free then. */
export function freeDeclared(memory: DeclaredMemory, size: number, cpu: Uint8Array): boolean {
  const phys = physicalMemory(machine()).addressOf(cpu)
  const at = phys === null ? -1 : (phys - memory.phys) / PAGE_SIZE
  if (at < 0 || at >= memory.pages.length) return false
  memory.pages.fill(false, at, at + orderOf(size))
  return true
}
