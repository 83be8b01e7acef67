import { PAGE_SIZE, type PhysAddr } from '../../base/units'
import { machine, now } from '../../engine/current'
import type { Machine } from '../../engine/machine'
import { service } from '../../engine/service'
import { dma_bounce } from '../../trace/events'
import { emit } from '../emit'
import { physicalMemory } from '../mm/physical'
import { ATTR } from './attrs'
import { deviceReads, deviceWrites } from './direction'
import { DMA_MAPPING_ERROR, dmaPlatform, type DmaDevice } from './dma-device'
import { addressText, deviceWarnOnce, deviceWarnRatelimited } from './once'

export const SLOT_SIZE = 2048
/** Slots of a set: no mapping is longer. */
export const SET_SLOTS = 128
const FREE = 0
const GIB_4 = 4 * 1024 * 1024 * 1024

/**
 * The slots of a CPU, searched in a circle. Of each slot in use `original` is the address that it
 * stands for, and `allocated` the bytes from it to the end of its mapping. Sets get memory when
 * they are first used.
 */
interface Area {
  original: Float64Array
  allocated: Float64Array
  sets: (number | null)[]
  next: number
  used: number
}

/**
 * Bounce buffers: memory that every device reaches, and copies to and from it (DMA-31 to 34). A
 * slot that is given back keeps its bytes, and is handed out again when the search comes round.
 */
export class Swiotlb {
  readonly nslabs: number
  readonly #areas: Area[]
  readonly #machine: Machine

  constructor(m: Machine) {
    this.#machine = m
    const { swiotlb, swiotlbSlots } = dmaPlatform(m)
    const needed = swiotlb === 'force' || physicalMemory(m).limit > GIB_4
    this.nslabs = swiotlb !== 'noforce' && needed ? swiotlbSlots : 0
    let areas = 1
    while (areas < m.cpus.length) areas *= 2
    const each = this.nslabs / areas
    this.#areas = Array.from({ length: this.nslabs === 0 ? 0 : areas }, () => ({
      original: new Float64Array(each),
      allocated: new Float64Array(each),
      sets: Array.from({ length: each / SET_SLOTS }, () => null),
      next: 0,
      used: 0,
    }))
    for (const area of this.#areas) this.#memoryOf(area, 0)
  }

  /** A set of slots; the first ones are set aside when the pool is made, low in memory. */
  #memoryOf(area: Area, set: number): number | null {
    return (area.sets[set] ??= physicalMemory(this.#machine).allocPages(
      (SET_SLOTS * SLOT_SIZE) / PAGE_SIZE,
    ))
  }

  get used(): number {
    return this.#areas.reduce((sum, area) => sum + area.used, 0)
  }

  /** A run of slots for `size` bytes; null when there is none. */
  allocate(original: number, size: number, alignment: number, offset: number): number | null {
    const count = Math.ceil((size + offset) / SLOT_SIZE)
    const start = (now.cpu?.id ?? 0) % this.#areas.length
    for (let i = 0; i < this.#areas.length; i++) {
      const area = this.#areas[(start + i) % this.#areas.length]!
      const index = search(area, count, stride(size, alignment))
      if (index === null) continue
      return this.#take(area, index, count, original, size, offset)
    }
    return null
  }

  #take(
    area: Area, index: number, count: number, original: number, size: number, offset: number,
  ): number | null {
    const base = this.#memoryOf(area, Math.floor(index / SET_SLOTS))
    if (base === null) return null
    for (let i = 0; i < count; i++) {
      area.original[index + i] = original - offset + i * SLOT_SIZE
      area.allocated[index + i] = size + offset - i * SLOT_SIZE
    }
    area.used += count
    area.next = index + count < area.original.length ? index + count : 0
    return base + (index % SET_SLOTS) * SLOT_SIZE + offset
  }

  /** Gives the slots of the mapping at an address back. */
  release(address: number): void {
    const found = this.#find(address)
    if (!found || found.area.original[found.index] === FREE) return
    const { area, index } = found
    const count = Math.ceil(area.allocated[index]! / SLOT_SIZE)
    area.original.fill(FREE, index, index + count)
    area.used -= count
  }

  /** The address lies in a bounce buffer. */
  contains(address: number): boolean {
    return this.#find(address) !== null
  }

  /** Copies between a slot and what it stands for. */
  copy(dev: DmaDevice, address: number, size: number, toSlot: boolean): void {
    const found = this.#find(address)
    if (!found || found.area.original[found.index] === FREE) return
    const { area, index, within } = found
    const left = area.allocated[index]! - within
    if (size > left) {
      const text = `Buffer overflow detected. Allocation size: ${left}. Mapping size: ${size}.`
      deviceWarnOnce(dev, 'bounce-overflow', 'kernel/dma/swiotlb.c at swiotlb_bounce', text, ['DMA-33'])
    }
    const bytes = Math.min(size, left)
    const memory = physicalMemory(this.#machine)
    const inside = memory.view(address as PhysAddr, bytes)
    const outside = memory.view((area.original[index]! + within) as PhysAddr, bytes)
    if (!inside || !outside) return
    if (toSlot) inside.set(outside)
    else outside.set(inside)
  }

  #find(address: number): { area: Area; index: number; within: number } | null {
    const bytes = SET_SLOTS * SLOT_SIZE
    for (const area of this.#areas) {
      const set = area.sets.findIndex((base) => base !== null && address >= base && address < base + bytes)
      if (set < 0) continue
      const offset = address - area.sets[set]!
      const index = set * SET_SLOTS + Math.floor(offset / SLOT_SIZE)
      return { area, index, within: offset % SLOT_SIZE }
    }
    return null
  }
}

/** From a page on, only places at page boundaries are tried. */
function stride(size: number, alignment: number): number {
  const pages = size >= PAGE_SIZE ? PAGE_SIZE / SLOT_SIZE : 1
  return Math.max(pages, Math.ceil((alignment + 1) / SLOT_SIZE), 1)
}

function search(area: Area, count: number, step: number): number | null {
  if (count > SET_SLOTS) return null
  const { original } = area
  const start = Math.ceil(area.next / step) * step
  for (let tried = 0; tried < original.length; tried += step) {
    const index = (start + tried) % original.length
    const inSet = (index % SET_SLOTS) + count <= SET_SLOTS
    if (inSet && original.subarray(index, index + count).every((slot) => slot === FREE)) return index
  }
  return null
}

export const swiotlb = service((m) => new Swiotlb(m))

/** `swiotlb=force`: nothing goes past the bounce buffers. */
export const forcesBounce = (_dev: DmaDevice): boolean => dmaPlatform(machine()).swiotlb === 'force'

export const swiotlbActive = (): boolean => {
  const m = machine()
  const { swiotlb: mode } = dmaPlatform(m)
  if (mode !== 'force' && physicalMemory(m).limit <= GIB_4) return false
  return swiotlb(m).nslabs > 0
}

/** The address is one of a bounce buffer. */
export const isBounced = (phys: number): boolean => swiotlbActive() && swiotlb(machine()).contains(phys)

/** DMA-09: what fits into one mapping. */
export function maxBounceSize(dev: DmaDevice): number {
  const mask = dev.dma_parms?.min_align_mask ?? 0
  return SLOT_SIZE * SET_SLOTS - Math.ceil(mask / SLOT_SIZE) * SLOT_SIZE
}

/**
 * Room in the bounce buffers with the original's bytes in it: always copied, so that what the
 * device leaves alone stays as it was. The physical address, or -1.
 */
export function bounceIn(
  dev: DmaDevice, phys: number, size: number, alignment: number, attrs: number,
): number {
  const pool = swiotlbActive() ? swiotlb(machine()) : null
  if (!pool) {
    deviceWarnRatelimited(
      dev, 'swiotlb_tbl_map_single',
      "Can not allocate SWIOTLB buffer earlier and can't now provide you with the DMA bounce buffer",
    )
    return DMA_MAPPING_ERROR
  }
  const low = (dev.dma_parms?.min_align_mask ?? 0) & (alignment | (SLOT_SIZE - 1))
  const offset = phys % (low + 1)
  const padded = Math.ceil((size + offset) / (alignment + 1)) * (alignment + 1)
  const slot = pool.allocate(phys, padded - offset, alignment, offset)
  if (slot === null) {
    if (!(attrs & ATTR.NO_WARN))
      deviceWarnRatelimited(
        dev, 'swiotlb_tbl_map_single',
        `swiotlb buffer is full (sz: ${padded} bytes), total ${pool.nslabs} (slots), used ${pool.used} (slots)`,
      )
    return DMA_MAPPING_ERROR
  }
  dev.dma_skip_sync = false
  pool.copy(dev, slot, size, true)
  emit(dma_bounce, dev, phys, slot, size)
  return slot
}

/** The end of a bounced mapping: copies back what the device may have written, unless told not to. */
export function bounceOut(
  dev: DmaDevice, phys: number, size: number, direction: number, attrs: number,
): void {
  if (!isBounced(phys)) return
  const pool = swiotlb(machine())
  if (!(attrs & ATTR.SKIP_CPU_SYNC) && deviceWrites(direction)) pool.copy(dev, phys, size, false)
  pool.release(phys)
}

export function bounceSyncForCpu(dev: DmaDevice, phys: number, size: number, direction: number): void {
  if (deviceWrites(direction) && isBounced(phys)) swiotlb(machine()).copy(dev, phys, size, false)
}

export function bounceSyncForDevice(
  dev: DmaDevice, phys: number, size: number, direction: number,
): void {
  if (deviceReads(direction) && isBounced(phys)) swiotlb(machine()).copy(dev, phys, size, true)
}

/** The text of a bounce buffer that the device cannot reach either. */
export const slotText = (address: number, size: number): string => `swiotlb addr ${addressText(address)}+${size}`
