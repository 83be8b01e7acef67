import { kernelCall } from '../kernel/api'
import type { device } from '../kernel/base/device'
import { addActionOrReset } from '../kernel/base/devres'
import { isErr } from '../kernel/err'
import * as m from '../kernel/hmm/memremap'
import { MEMORY_DEVICE, type dev_pagemap } from '../kernel/mm/pgmap'
import type { page } from '../kernel/mm/page'

/** Descriptors for the memory of devices: `linux/memremap`. */

/** Brought along, as by the C header. */
export * from './mm'
export * from './ioport'

export { dev_pagemap, type dev_pagemap_ops } from '../kernel/mm/pgmap'
/** CPUs cannot reach it: touching a page brings it back. */
export const MEMORY_DEVICE_PRIVATE = MEMORY_DEVICE.PRIVATE
export const MEMORY_DEVICE_COHERENT = MEMORY_DEVICE.COHERENT
export const MEMORY_DEVICE_FS_DAX = MEMORY_DEVICE.FS_DAX
export const MEMORY_DEVICE_GENERIC = MEMORY_DEVICE.GENERIC
/** A BAR that other devices may reach. */
export const MEMORY_DEVICE_PCI_P2PDMA = MEMORY_DEVICE.PCI_P2PDMA

/**
 * Makes descriptors for `pgmap.range`. An address, or an error pointer: -EINVAL (and a WARNING)
 * when the kind of memory needs functions or an owner that are missing. Pair: `memunmap_pages`.
 */
export const memremap_pages = kernelCall(
  'memremap_pages', (pgmap: dev_pagemap, _nid: number): object => m.memremapPages(pgmap),
)
/** Waits until nobody has a page, then takes the descriptors away. May sleep, without limit. */
export const memunmap_pages = kernelCall('memunmap_pages', (pgmap: dev_pagemap) =>
  m.memunmapPages(pgmap),
)
/** The same, until the driver goes. */
export const devm_memremap_pages = kernelCall(
  'devm_memremap_pages',
  function* (dev: device, pgmap: dev_pagemap) {
    const ret = m.memremapPages(pgmap)
    if (isErr(ret)) return ret
    const release = ((map: dev_pagemap) => m.memunmapPages(map)) as unknown as (data: never) => void
    yield* addActionOrReset(dev, release, pgmap)
    return ret
  },
)
/** Hands out a free page of a device: locked, with one reference. */
export const zone_device_page_init = kernelCall(
  'zone_device_page_init',
  (page: page, _pgmap?: dev_pagemap, _order?: number) => m.initDevicePage(page),
)
