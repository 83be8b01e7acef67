import { machine } from '../../engine/current'
import { point, type Sim } from '../../engine/suspend'
import { errPtr } from '../err'
import { EINVAL, ENOMEM } from '../errno'
import { faultInjection } from '../mm/fault-injection'
import type { page } from '../mm/page'
import { lockPage } from '../mm/page-lock'
import {
  mapPagemap, MEMORY_DEVICE, pgmapPageTaken, unmapPagemap, type dev_pagemap,
} from '../mm/pgmap'
import { regions, resource } from '../platform/resource'
import { warn } from '../printk/warn'

/** What a kind of device memory cannot be without; null when nothing is missing. */
function missing({ type, ops, owner }: dev_pagemap): string | null {
  const isPrivate = type === MEMORY_DEVICE.PRIVATE
  if (isPrivate && !ops?.migrate_to_ram) return 'Missing migrate_to_ram method'
  if (!isPrivate && type !== MEMORY_DEVICE.COHERENT) return null
  if (!ops?.folio_free) return 'Missing folio_free method'
  return owner ? null : 'Missing owner'
}

const KNOWN: ReadonlySet<number> = new Set(Object.values(MEMORY_DEVICE))

/** Makes descriptors for device memory: an address, or an error pointer. */
export function memremapPages(pgmap: dev_pagemap): object {
  const m = machine()
  const text = missing(pgmap)
  const known = KNOWN.has(pgmap.type)
  if (text !== null || !known) {
    const said = text ?? `Invalid pgmap type ${pgmap.type}`
    warn(m, 'memremap', 'mm/memremap.c at memremap_pages', said, { once: false, rules: ['HMM-06'] })
    return errPtr(-EINVAL)
  }
  if (pgmap.nr_range !== 1) return errPtr(-EINVAL)
  if (faultInjection(m).shouldFail('memremap_pages')) return errPtr(-ENOMEM)
  return mapPagemap(pgmap)
}

const UNMAPS = { $name: 'memunmap_pages' }

/** Waits until all pages are back, however long that takes; then the descriptors go. */
export function* memunmapPages(pgmap: dev_pagemap): Sim {
  if (!pgmap.$mapped) return
  yield point(UNMAPS, pgmap)
  yield* pgmap.$idle.waitUntil(() => pgmap.$busy === 0, pgmap, 'memunmap_pages')
  unmapPagemap(pgmap)
}

/** A free page of a device is handed out: locked, with one reference. */
export function* initDevicePage(p: page): Sim {
  if (!p.pgmap?.$mapped)
    warn(machine(), 'memremap-dead', 'mm/memremap.c at zone_device_page_init', null, {
      rules: ['HMM-06'],
    })
  pgmapPageTaken(p)
  yield* lockPage(p)
}

/** Where device memory without an address of its own is put, so that frame numbers stay short. */
const FREE_START = 0x10_0000_0000
const FREE_END = 0x20_0000_0000
const SECTION = 128 * 1024 * 1024

/** `request_free_mem_region`: addresses that nobody has, from above; or an error pointer. */
export function requestFreeRegion(size: number, name: string): resource {
  const length = Math.ceil(size / SECTION) * SECTION
  for (let start = FREE_END - length; start >= FREE_START; start -= SECTION)
    if (regions(machine()).request(start, length, name))
      return new resource({ start, end: start + length - 1, name, flags: 0x200 })
  return errPtr(-ENOMEM)
}
