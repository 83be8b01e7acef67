import { PAGE_SIZE } from '../../base/units'
import { machine } from '../../engine/current'
import { KernelObject } from '../../engine/object'
import { ENOMEM } from '../errno'
import { errPtr } from '../err'
import { WaitList } from '../sched/schedule'
import { page, pageMap } from './page'

/** What kind of memory a device lends descriptors to. */
export const MEMORY_DEVICE = {
  PRIVATE: 1,
  COHERENT: 2,
  FS_DAX: 3,
  GENERIC: 4,
  PCI_P2PDMA: 5,
} as const

export interface dev_pagemap_ops {
  /** The last reference to a page (or folio) of it is gone. */
  folio_free?: ((folio: page) => void) | null
  /** A CPU touches a page that is with the device: bring it back. 0 or VM_FAULT_SIGBUS. */
  migrate_to_ram?: ((vmf: any) => number) | null
  memory_failure?: ((pgmap: dev_pagemap, pfn: number, nr: number, flags: number) => number) | null
}

/** A stretch of physical addresses of a device whose frames get descriptors. */
export class dev_pagemap extends KernelObject {
  type = 0
  flags = 0
  nr_range = 1
  /** First and last address. */
  range = { start: 0, end: 0 }
  ops: dev_pagemap_ops | null = null
  owner: unknown = null
  /** @internal Pages that somebody holds. */
  $busy = 0
  /** @internal Who waits for the last one to be given back. */
  readonly $idle = new WaitList()
  /** @internal Its pages have descriptors. */
  $mapped = false
}

const frames = (pgmap: dev_pagemap): [first: number, end: number] => [
  Math.floor(pgmap.range.start / PAGE_SIZE),
  Math.floor(pgmap.range.end / PAGE_SIZE) + 1,
]

/** Makes descriptors for a device's memory, all of them free. An error pointer on failure. */
export function mapPagemap(pgmap: dev_pagemap): object {
  const map = pageMap(machine())
  const [first, end] = frames(pgmap)
  for (let pfn = first; pfn < end; pfn++)
    if (map.known(pfn)?.pgmap) return errPtr<object>(-ENOMEM)
  for (let pfn = first; pfn < end; pfn++) {
    const p = new page(pfn)
    p.pgmap = pgmap
    map.put(p)
  }
  pgmap.$mapped = true
  return pgmap
}

export function unmapPagemap(pgmap: dev_pagemap): void {
  pgmap.$mapped = false
  const map = pageMap(machine())
  const [first, end] = frames(pgmap)
  for (let pfn = first; pfn < end; pfn++) map.forget(pfn)
}

/** A reference to a device's page is gone: the last one gives the page back to its owner. */
export function pgmapPageIdle(p: page): void {
  if (p.$refs > 0) return
  p.$isAnon = false
  p.mapping = null
  const pgmap = p.pgmap!
  const free = pgmap.ops?.folio_free
  if (free) machine().runtime.atomic(free(p))
  if (--pgmap.$busy === 0) pgmap.$idle.wakeAll()
}

/** A page of a device is handed out: it has one reference (`zone_device_page_init`). */
export function pgmapPageTaken(p: page): void {
  p.$refs = 1
  p.pgmap!.$busy++
}

export const isDevicePrivate = (p: page): boolean => p.pgmap?.type === MEMORY_DEVICE.PRIVATE
export const isDeviceCoherent = (p: page): boolean => p.pgmap?.type === MEMORY_DEVICE.COHERENT
export const isPciP2pdma = (p: page): boolean => p.pgmap?.type === MEMORY_DEVICE.PCI_P2PDMA
