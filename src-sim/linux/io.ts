import { costs } from '../kernel/api'
import type { device } from '../kernel/base/device'
import { iounmap as unmap } from '../kernel/pci/functions'
import { mmioRead, mmioWrite } from '../kernel/pci/mmio'
import * as map from '../kernel/platform/ioremap'
import type { resource } from '../kernel/platform/resource'
import { mightSleep } from '../kernel/sched/schedule'
import { ERR_PTR } from './err'
import type { iomem } from './io/access'

/** Brought along, as by the C header. */
export * from './bug'
export * from './err'
export * from './types'

/**
 * Device registers: `linux/io`. Addresses come from `pci_iomap` or `ioremap` and can be computed
 * with, as in C: `readl(mmio + 0x24)`. Any context; a read takes the time of a round trip over
 * the bus, a write is posted. A device that has gone answers reads with all ones; an address whose
 * mapping is gone is a page fault.
 */
export * from './io/access'

const COPY_NS = 800

/**
 * Maps physical addresses (of a resource); 0 when that is impossible. May sleep. Pair: `iounmap`.
 */
export function ioremap(phys: number, size: number): iomem {
  mightSleep('ioremap')
  return map.ioremap(phys, size)
}
/** Caching makes no difference on this machine. */
export const ioremap_wc = ioremap
export const ioremap_uc = ioremap
/** The mapping is gone: an access through it is a page fault. May sleep. */
export function iounmap(addr: iomem): void {
  unmap(addr)
}
/** As `ioremap`; unmapped when the driver goes. */
export function devm_ioremap(dev: device, phys: number, size: number): iomem {
  mightSleep('devm_ioremap')
  return map.devmIoremap(dev, phys, size)
}
export function devm_iounmap(dev: device, addr: iomem): void {
  map.devmIounmap(dev, addr)
}
/** Checks, claims and maps a resource, managed; an address or an error pointer. May sleep. */
export function devm_ioremap_resource(dev: device, res: resource | null): iomem {
  mightSleep('devm_ioremap_resource')
  const ret = map.devmIoremapResource(dev, res)
  return ret < 0 ? ERR_PTR<iomem>(ret) : ret
}

/** Reads `n` bytes of registers into a buffer. */
export const memcpy_fromio = costs(
  COPY_NS,
  function memcpy_fromio(to: Uint8Array, from: iomem, n: number): void {
    for (let i = 0; i < n; i++) to[i] = mmioRead(from + i, 1)
  },
)
/** Writes `n` bytes to registers. */
export const memcpy_toio = costs(
  COPY_NS,
  function memcpy_toio(to: iomem, from: Uint8Array, n: number): void {
    for (let i = 0; i < n; i++) mmioWrite(to + i, 1, from[i]!)
  },
)
export const memset_io = costs(
  COPY_NS,
  function memset_io(addr: iomem, value: number, n: number): void {
    for (let i = 0; i < n; i++) mmioWrite(addr + i, 1, value & 0xff)
  },
)

export * from './io/more'
