import type { Sim } from '../../../src-sim/engine/suspend'
import { mmap_read_lock, mmap_read_unlock } from '../../../src-sim/linux/mmap_lock'
import * as migrate from '../../../src-sim/linux/migrate'
import * as memremap from '../../../src-sim/linux/memremap'
import { alloc_page, GFP_KERNEL } from '../../../src-sim/linux/gfp'
import { lock_page, page_to_pfn, pfn_to_page, type vm_fault } from '../../../src-sim/linux/mm'
import { iomem_resource, request_free_mem_region } from '../../../src-sim/linux/ioport'
import type { mm_struct } from '../../../src-sim/kernel/mm/mm-struct'
import { bytesOf, type page } from '../../../src-sim/kernel/mm/page'
import { kcall } from '../../sim/harness'
import type { Say } from '../checked'
import { areaAt, BASE, callback, PAGE } from './kit'

/** A device with a memory of its own, as lib/test_hmm.c has one. */
export class Device {
  readonly pgmap = new memremap.dev_pagemap()
  /** What is in its pages, by frame number. */
  readonly content = new Map<number, Uint8Array>()
  readonly free: page[] = []
  readonly #say: Say

  constructor(say: Say) {
    this.#say = say
  }

  *start(pages = 16): Sim {
    const { pgmap } = this
    const region = request_free_mem_region(iomem_resource, pages * PAGE, 'device')
    pgmap.type = memremap.MEMORY_DEVICE_PRIVATE
    pgmap.range = { start: region.start, end: region.start + pages * PAGE - 1 }
    pgmap.owner = this
    pgmap.ops = {
      folio_free: (p) => {
        this.#say('freed')
        this.free.push(p)
      },
      migrate_to_ram: callback<(vmf: vm_fault) => number>((vmf: vm_fault) => this.#toRam(vmf)),
    }
    yield* kcall(memremap.memremap_pages, pgmap, 0)
    const first = region.start / PAGE
    for (let i = pages - 1; i >= 0; i--) this.free.push(pfn_to_page(first + i))
  }

  /** Moves pages of a program into the device; how many moved, or -errno. */
  *take(mm: mm_struct, count: number, first = 0): Sim<number> {
    const args = this.#request(mm, first, count, migrate.MIGRATE_VMA_SELECT_SYSTEM)
    yield* kcall(mmap_read_lock, mm)
    const ret = yield* kcall(migrate.migrate_vma_setup, args)
    if (ret === 0) yield* this.#copyAll(args, true)
    mmap_read_unlock(mm)
    return ret || this.#moved(args)
  }

  #moved(args: migrate.migrate_vma): number {
    let moved = 0
    for (let i = 0; i < args.npages; i++)
      if (args.src[i]! & migrate.MIGRATE_PFN_MIGRATE) moved++
    return moved
  }

  #request(mm: mm_struct, first: number, count: number, flags: number): migrate.migrate_vma {
    const args = new migrate.migrate_vma()
    args.vma = areaAt(mm, BASE + first * PAGE)
    args.start = BASE + first * PAGE
    args.end = args.start + count * PAGE
    args.pgmap_owner = this
    args.flags = flags
    return args
  }

  *#copyAll(args: migrate.migrate_vma, toDevice: boolean): Sim {
    for (let i = 0; i < args.npages; i++) {
      if (!(args.src[i]! & migrate.MIGRATE_PFN_MIGRATE)) continue
      const from = migrate.migrate_pfn_to_page(args.src[i]!)
      const to = toDevice ? yield* this.#fresh() : yield* ram()
      if (to === null) continue
      this.#copy(from, to)
      args.dst[i] = migrate.migrate_pfn(page_to_pfn(to))
    }
    yield* kcall(migrate.migrate_vma_pages, args)
    yield* kcall(migrate.migrate_vma_finalize, args)
  }

  *#fresh(): Sim<page | null> {
    const p = this.free.pop() ?? null
    if (p !== null) yield* kcall(memremap.zone_device_page_init, p)
    return p
  }

  #copy(from: page | null, to: page): void {
    const bytes = from === null ? new Uint8Array(PAGE) : this.#bytes(from)
    if (to.pgmap === this.pgmap) this.content.set(page_to_pfn(to), bytes.slice())
    else bytesOf(to)!.set(bytes)
  }

  #bytes(p: page): Uint8Array {
    return bytesOf(p) ?? this.content.get(page_to_pfn(p)) ?? new Uint8Array(PAGE)
  }

  *#toRam(vmf: vm_fault): Sim<number> {
    this.#say('fault')
    const mm = vmf.vma.vm_mm!
    const page = (vmf.address - BASE) / PAGE
    const args = this.#request(mm, page, 1, migrate.MIGRATE_VMA_SELECT_DEVICE_PRIVATE)
    args.fault_page = vmf.page as page
    if (yield* kcall(migrate.migrate_vma_setup, args)) return 2
    yield* this.#copyAll(args, false)
    return this.#moved(args) ? 0 : 2
  }
}

function* ram(): Sim<page> {
  const p = alloc_page(GFP_KERNEL)!
  yield* kcall(lock_page, p)
  return p
}
