import { PAGE_SIZE, type PhysAddr } from '../../base/units'
import { machine } from '../../engine/current'
import type { Machine } from '../../engine/machine'
import { service } from '../../engine/service'
import { physicalMemory } from '../mm/physical'
import { deviceWrites } from './direction'
import { dmaPlatform } from './dma-device'

/**
 * A page that a non-coherent device has been given. RAM as CPUs see it is what their caches hold;
 * `memory` is what lies behind the caches, the only thing that the device sees. A line is dirty
 * when the CPUs' bytes differ from what they were at its last cleaning (`clean`).
 */
interface SplitPage {
  memory: Uint8Array
  clean: Uint8Array
  mappings: number
}

/**
 * The caches between CPUs and memory, as far as it matters: every line of a mapped page counts as
 * cached, the worst case for software that forgets to sync (DMA-35, DMA-36).
 */
export class CpuCache {
  readonly #machine: Machine
  readonly #pages = new Map<number, SplitPage>()
  readonly line: number

  constructor(m: Machine) {
    this.#machine = m
    this.line = dmaPlatform(m).cacheLine
  }

  /** A non-coherent device may come to this memory from now on. */
  enter(phys: number, size: number): void {
    for (const at of pagesOf(phys, size)) {
      const page = this.#pages.get(at)
      if (page) page.mappings++
      else {
        const cpu = this.#cpu(at)
        if (cpu) this.#pages.set(at, { memory: cpu.slice(), clean: cpu.slice(), mappings: 1 })
      }
    }
  }

  /** The last one out: CPUs and devices see one memory again. */
  leave(phys: number, size: number): void {
    for (const at of pagesOf(phys, size)) {
      const page = this.#pages.get(at)
      if (page && --page.mappings === 0) this.#pages.delete(at)
    }
  }

  /** Writes the lines of a range back; they stay cached. */
  clean(phys: number, size: number): void {
    this.#eachLine(phys, size, (page, cpu, from, to) => {
      const bytes = cpu.subarray(from, to)
      page.memory.set(bytes, from)
      page.clean.set(bytes, from)
    })
  }

  /**
   * Forgets what the caches hold of a range. A line that is only partly in it is written back
   * first if somebody has changed it, with all of its bytes.
   */
  invalidate(phys: number, size: number): void {
    this.#eachLine(phys, size, (page, cpu, from, to, whole) => {
      if (!whole && dirty(page, cpu, from, to)) page.memory.set(cpu.subarray(from, to), from)
      const bytes = page.memory.subarray(from, to)
      cpu.set(bytes, from)
      page.clean.set(bytes, from)
    })
  }

  /** What a device reads; null: RAM is as the CPUs see it. */
  read(phys: number, length: number): Uint8Array | null {
    if (this.#pages.size === 0) return null
    const bytes = new Uint8Array(length)
    const touched = this.#eachPart(phys, length, (page, offset, at, count) => {
      bytes.set(page.memory.subarray(offset, offset + count), at)
    })
    if (!touched) return null
    return this.#fill(bytes, phys)
  }

  /** A write of a device; a coherent one changes what the caches hold as well. */
  write(phys: number, bytes: Uint8Array, coherent: boolean): boolean {
    if (this.#pages.size === 0) return false
    const ram = physicalMemory(this.#machine).view(phys as PhysAddr, bytes.length)
    if (!ram) return false
    const before = ram.slice()
    const touched = this.#eachPart(phys, bytes.length, (page, offset, at, count) => {
      page.memory.set(bytes.subarray(at, at + count), offset)
      if (coherent) page.clean.set(bytes.subarray(at, at + count), offset)
    })
    if (!touched) return false
    ram.set(bytes)
    if (!coherent)
      this.#eachPart(phys, bytes.length, (_page, _offset, at, count) => {
        ram.set(before.subarray(at, at + count), at)
      })
    return true
  }

  /** Parts of an access that lie in pages without a split come from RAM. */
  #fill(bytes: Uint8Array, phys: number): Uint8Array {
    const ram = physicalMemory(this.#machine).view(phys as PhysAddr, bytes.length)
    if (!ram) return bytes
    const split = new Uint8Array(bytes.length)
    this.#eachPart(phys, bytes.length, (_page, _offset, at, count) => split.fill(1, at, at + count))
    for (let i = 0; i < bytes.length; i++) if (!split[i]) bytes[i] = ram[i]!
    return bytes
  }

  #eachPart(
    phys: number,
    length: number,
    visit: (page: SplitPage, offset: number, at: number, count: number) => void,
  ): boolean {
    let touched = false
    for (let at = 0; at < length; ) {
      const offset = (phys + at) % PAGE_SIZE
      const count = Math.min(length - at, PAGE_SIZE - offset)
      const page = this.#pages.get(phys + at - offset)
      if (page) {
        visit(page, offset, at, count)
        touched = true
      }
      at += count
    }
    return touched
  }

  #eachLine(
    phys: number,
    size: number,
    visit: (page: SplitPage, cpu: Uint8Array, from: number, to: number, whole: boolean) => void,
  ): void {
    const { line } = this
    const end = phys + size
    for (let at = phys - (phys % line); at < end; at += line) {
      const offset = at % PAGE_SIZE
      const page = this.#pages.get(at - offset)
      if (page) visit(page, this.#cpu(at - offset)!, offset, offset + line, at >= phys && at + line <= end)
    }
  }

  #cpu(page: number): Uint8Array | null {
    return physicalMemory(this.#machine).view(page as PhysAddr, PAGE_SIZE)
  }
}

export const cpuCache = service((m) => new CpuCache(m))

function pagesOf(phys: number, size: number): number[] {
  const pages: number[] = []
  for (let at = phys - (phys % PAGE_SIZE); at < phys + Math.max(size, 1); at += PAGE_SIZE) pages.push(at)
  return pages
}

function dirty(page: SplitPage, cpu: Uint8Array, from: number, to: number): boolean {
  for (let i = from; i < to; i++) if (cpu[i] !== page.clean[i]) return true
  return false
}

/** DMA-35: before the device looks, whatever the direction. */
export function syncCacheForDevice(phys: number, size: number): void {
  cpuCache(machine()).clean(phys, size)
}

/** Before the CPU looks at what the device may have written. */
export function syncCacheForCpu(phys: number, size: number, direction: number): void {
  if (deviceWrites(direction)) cpuCache(machine()).invalidate(phys, size)
}
