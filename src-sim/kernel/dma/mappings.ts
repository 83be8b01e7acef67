import { Hook } from '../../base/disposable'
import type { DmaAddr, PhysAddr } from '../../base/units'
import { KernelObject } from '../../engine/object'
import { service } from '../../engine/service'
import type { RawStack } from '../../engine/finding'
import type { DmaDevice } from './dma-device'

/** What a mapping was made by, as the kernel's debugging names it. */
export type MappingType = 'single' | 'scatter-gather' | 'coherent' | 'noncoherent' | 'phy'

/**
 * Memory that a device was told about, from mapping (or allocation) to the end and beyond: an
 * ended one stays known, so that a device which still uses it can be convicted.
 */
export class DmaMapping extends KernelObject {
  readonly $type = 'dma_mapping'
  readonly name: string
  readonly type: MappingType
  readonly device: DmaDevice
  readonly dma: DmaAddr
  readonly phys: PhysAddr
  readonly size: number
  readonly direction: number
  /** The CPU's view: the buffer that was mapped, or the coherent memory. */
  readonly cpu: Uint8Array
  readonly mapped: RawStack
  unmapped: RawStack | null = null
  /** Pieces of the scatter list that it is one of; 0 for other mappings. */
  readonly entries: number
  readonly attrs: number
  /** Who may use the memory now (DMA-27). Coherent memory is always both's. */
  owner: 'device' | 'cpu' = 'device'

  constructor(m: Omit<DmaMapping, '$id' | '$dead' | '$parent' | '$field' | '$type' | 'name' | 'unmapped' | 'owner'>) {
    super()
    this.type = m.type
    this.device = m.device
    this.dma = m.dma
    this.phys = m.phys
    this.size = m.size
    this.direction = m.direction
    this.cpu = m.cpu
    this.mapped = m.mapped
    this.entries = m.entries
    this.attrs = m.attrs
    this.name = `0x${m.dma.toString(16)}+${m.size}`
  }
}

/** What a device did to memory, for those who judge it. */
export interface DeviceAccess {
  device: DmaDevice
  address: number
  length: number
  write: boolean
}

/** What a driver says about a mapping when it makes it, ends it or hands it over. */
export interface MappingUse {
  device: DmaDevice
  dma: number
  size: number
  direction: number
  type: MappingType
  /** Pieces of a scatter list, as the driver counts them; 0 for others. */
  entries: number
  attrs: number
  /** The memory, as far as the driver names it: -1 where it does not. */
  phys: number
}

/** All that devices have been told about, live and ended, newest last. */
export class DmaMappings {
  readonly live: DmaMapping[] = []
  readonly ended: DmaMapping[] = []
  readonly on = {
    map: new Hook<[DmaMapping]>(),
    /** Before the mapping ends; null when nothing matches. */
    unmap: new Hook<[MappingUse, DmaMapping | null]>(),
    /** A mapping goes to the CPU (true) or the device (false); null when nothing matches. */
    sync: new Hook<[DmaMapping, forCpu: boolean]>(),
    /** A device touched memory: null when no live mapping of it covers all of that. */
    access: new Hook<[DeviceAccess, DmaMapping | null]>(),
  }

  /** The live mapping of a device at an address: the one that fits, or the only one (DMA-44). */
  find(
    device: DmaDevice,
    dma: number,
    size: number,
    type: MappingType,
    direction: number,
  ): DmaMapping | null {
    const found = this.live.filter((m) => m.device === device && m.dma === dma)
    if (found.length === 1) return found[0]!
    return (
      found.find((m) => m.size === size && m.type === type && m.direction === direction) ?? null
    )
  }

  /** All live mappings of a device that contain a range. */
  containing(device: DmaDevice, dma: number, size: number): DmaMapping[] {
    return this.live.filter(
      (m) => m.device === device && dma >= m.dma && dma + size <= m.dma + m.size,
    )
  }

  /** The live mapping of a device that an address lies in. */
  at(device: DmaDevice, address: number): DmaMapping | null {
    return (
      this.live.find((m) => m.device === device && address >= m.dma && address < m.dma + m.size) ??
      null
    )
  }

  /** The mapping that covered an address last, now ended. */
  former(device: DmaDevice, address: number): DmaMapping | null {
    for (let i = this.ended.length - 1; i >= 0; i--) {
      const m = this.ended[i]!
      if (m.device === device && address >= m.dma && address < m.dma + m.size) return m
    }
    return null
  }

  end(mapping: DmaMapping, stack: RawStack): void {
    const at = this.live.indexOf(mapping)
    if (at >= 0) this.live.splice(at, 1)
    mapping.unmapped = stack
    this.ended.push(mapping)
  }
}

export const dmaMappings = service(() => new DmaMappings())
