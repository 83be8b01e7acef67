import { kernelCall } from '../kernel/api'
import type { device } from '../kernel/base/device'
import { addAction } from '../kernel/base/devres'
import { mapPagemap, MEMORY_DEVICE, unmapPagemap, dev_pagemap } from '../kernel/mm/pgmap'
import { isErr } from '../kernel/err'

/** Descriptors for the memory of devices: `linux/memremap`. */

export { dev_pagemap, type dev_pagemap_ops } from '../kernel/mm/pgmap'
/** CPUs cannot reach it: touching a page brings it back. */
export const MEMORY_DEVICE_PRIVATE = MEMORY_DEVICE.PRIVATE
export const MEMORY_DEVICE_COHERENT = MEMORY_DEVICE.COHERENT
export const MEMORY_DEVICE_FS_DAX = MEMORY_DEVICE.FS_DAX
export const MEMORY_DEVICE_GENERIC = MEMORY_DEVICE.GENERIC
/** A BAR that other devices may reach. */
export const MEMORY_DEVICE_PCI_P2PDMA = MEMORY_DEVICE.PCI_P2PDMA

/** Makes descriptors for `pgmap.range`. An address, or an error pointer. Pair: `memunmap_pages`. */
export const memremap_pages = kernelCall(
  'memremap_pages',
  (pgmap: dev_pagemap, _nid: number): object => mapPagemap(pgmap),
)
export const memunmap_pages = kernelCall('memunmap_pages', (pgmap: dev_pagemap): void =>
  unmapPagemap(pgmap),
)
/** The same, until the driver goes. */
export const devm_memremap_pages = kernelCall(
  'devm_memremap_pages',
  (dev: device, pgmap: dev_pagemap): object => {
    const ret = mapPagemap(pgmap)
    if (!isErr(ret)) addAction(dev, unmapPagemap, pgmap)
    return ret
  },
)
