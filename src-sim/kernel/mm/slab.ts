import { Hook } from '../../base/disposable'
import { machine as currentMachine, now } from '../../engine/current'
import type { RawStack } from '../../engine/finding'
import type { Machine } from '../../engine/machine'
import { hidden, outermost } from '../../engine/object'
import { service } from '../../engine/service'
import { PAGE_SIZE, type PhysAddr } from '../../base/units'
import { alloc_fail, kfree as kfreeEvent, kmalloc as kmallocEvent } from '../../trace/events'
import { emit } from '../emit'
import { takeStack } from '../report'
import { kernelFunction } from '../sched/schedule'
import { embedMembers, sizeOf, startingAt, visitMembers } from './embed'
import { physicalMemory } from './physical'
import { faultInjection } from './fault-injection'

/**
 * One allocation, from kmalloc to kfree and beyond: a freed object keeps its record (`$dead`) so
 * that a report can show who allocated and who freed it.
 */
export interface Allocation {
  object: object
  /** Made-up kernel address; for byte buffers the real place in simulated RAM. */
  address: number
  bytes: number
  /** Name of the cache, e.g. `kmalloc-64`. */
  cache: string
  pages: number
  physical: PhysAddr | null
  allocated: RawStack
  freed: RawStack | null
  /** Owning module's name for static data, '' for the heap. */
  module: string
}

const GFP_ATOMIC_LIKE = 0

export class Slab {
  readonly live = new Set<Allocation>()
  /** Freed objects are marked, so that every later access can be seen. */
  poison = false
  readonly on = {
    alloc: new Hook<[Allocation]>(),
    /** Before the memory is marked as freed. */
    free: new Hook<[Allocation]>(),
    /** Freed something that is not (any more) an allocation's start. */
    badFree: new Hook<[object, Allocation | null]>(),
  }
  #machine: Machine
  #nextAddress = 0x8_8880_0100_0000

  constructor(machine: Machine) {
    this.#machine = machine
  }

  /** Makes `object` the start of an allocation of `bytes`. Answers null when memory is exhausted. */
  alloc<T extends object>(object: T, bytes: number, cache = kmallocCache(bytes)): T | null {
    if (faultInjection(this.#machine).shouldFail('kmalloc')) {
      emit(alloc_fail, callSite(), bytes, true)
      return null
    }
    return this.allocAlways(object, bytes, cache)
  }

  /** For what Linux has allocated long before: no call of a driver can be refused it. */
  allocAlways<T extends object>(object: T, bytes: number, cache = kmallocCache(bytes)): T {
    embedMembers(object)
    return this.#record(object, bytes, cache, 0, null)
  }

  /** Allocates real bytes in simulated RAM. */
  allocBytes(bytes: number, zero: boolean): Uint8Array | null {
    const memory = physicalMemory(this.#machine)
    const pages = Math.max(1, Math.ceil(bytes / PAGE_SIZE))
    if (faultInjection(this.#machine).shouldFail('kmalloc')) {
      emit(alloc_fail, callSite(), bytes, true)
      return null
    }
    const physical = memory.allocPages(pages)
    if (physical === null) {
      emit(alloc_fail, callSite(), bytes, false)
      return null
    }
    const view = memory.view(physical, bytes)!
    if (!zero) view.fill(0xcc)
    return this.#record(view, bytes, kmallocCache(bytes), pages, physical)
  }

  #record<T extends object>(
    object: T,
    bytes: number,
    cache: string,
    pages: number,
    physical: PhysAddr | null,
  ): T {
    const address = physical === null ? this.#nextAddress : 0x8_8800_0000_0000 + physical
    if (physical === null) this.#nextAddress += Math.max(64, Math.ceil(bytes / 64) * 64)
    const record: Allocation = {
      object,
      address,
      bytes,
      cache,
      pages,
      physical,
      allocated: takeStack(this.#machine, now.exec, callSite()),
      freed: null,
      module: '',
    }
    const h = hidden(object) as { $alloc?: Allocation; $address?: number }
    h.$alloc = record
    h.$address = address
    this.live.add(record)
    emit(kmallocEvent, object, callSite(), address, bytes, kmallocSize(bytes), gfpText(GFP_ATOMIC_LIKE))
    this.on.alloc.emit(record)
    return object
  }

  /** Frees what starts at `pointer`; a wrong one is announced and nothing is freed. */
  free(pointer: object): void {
    const object = startingAt(pointer)
    const record = hidden(object).$alloc as Allocation | undefined
    if (record === undefined || record.freed !== null) {
      const owner = hidden(outermost(object)).$alloc as Allocation | undefined
      this.on.badFree.emit(object, record ?? owner ?? null)
      return
    }
    this.on.free.emit(record)
    record.freed = takeStack(this.#machine, now.exec, callSite('kfree'))
    this.live.delete(record)
    if (this.poison)
      visitMembers(object, (member) => {
        hidden(member).$dead = record
      })
    emit(kfreeEvent, object, callSite('kfree'), record.address)
  }
}

export const slab = service((machine) => new Slab(machine))

const CACHES = [8, 16, 32, 64, 96, 128, 192, 256, 512, 1024, 2048, 4096, 8192]

/** How much an allocation of `bytes` really gets. */
export const kmallocSize = (bytes: number): number =>
  CACHES.find((size) => size >= bytes) ?? bytes

export function kmallocCache(bytes: number): string {
  const size = CACHES.find((s) => s >= bytes)
  return size === undefined ? 'kmalloc-large' : `kmalloc-${size >= 1024 ? `${size / 1024}k` : size}`
}

const callSite = (fallback = 'kmalloc'): string => kernelFunction(fallback)

const gfpText = (_flags: number): string => ''

/** Allocation by class (a struct) or by size (bytes), as the k*alloc family offers both. */
export function allocate<T extends object>(what: (new () => T) | number, zero: boolean): T | null {
  const machine = currentMachine()
  if (typeof what === 'number') {
    return slab(machine).allocBytes(what, zero) as unknown as T | null
  }
  const place = machine.runtime.p
  const object = new what()
  machine.runtime.p = place
  embedMembers(object)
  return slab(machine).alloc(object, sizeOf(object))
}
