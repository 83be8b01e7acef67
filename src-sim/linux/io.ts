import { costs } from '../kernel/api'
import type { device } from '../kernel/base/device'
import { iounmap as unmap } from '../kernel/pci/functions'
import { mmioRead, mmioWrite } from '../kernel/pci/mmio'
import * as map from '../kernel/platform/ioremap'
import type { resource } from '../kernel/platform/resource'
import { mightSleep } from '../kernel/sched/schedule'
import { ERR_PTR } from './err'

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
export type iomem = number

const READ_NS = 800
const WRITE_NS = 200

export const readb = costs(READ_NS, function readb(addr: iomem): number {
  return mmioRead(addr, 1)
})
export const readw = costs(READ_NS, function readw(addr: iomem): number {
  return mmioRead(addr, 2)
})
/** Reads a 32-bit register. */
export const readl = costs(READ_NS, function readl(addr: iomem): number {
  return mmioRead(addr, 4)
})
export const readq = costs(READ_NS, function readq(addr: iomem): number {
  return mmioRead(addr, 8)
})
export const writeb = costs(WRITE_NS, function writeb(value: number, addr: iomem): void {
  mmioWrite(addr, 1, value & 0xff)
})
export const writew = costs(WRITE_NS, function writew(value: number, addr: iomem): void {
  mmioWrite(addr, 2, value & 0xffff)
})
/** Writes a 32-bit register: value first, address second. */
export const writel = costs(WRITE_NS, function writel(value: number, addr: iomem): void {
  mmioWrite(addr, 4, value >>> 0)
})
export const writeq = costs(WRITE_NS, function writeq(value: number, addr: iomem): void {
  mmioWrite(addr, 8, value)
})
export const ioread8 = readb
export const ioread16 = readw
export const ioread32 = readl
export const iowrite8 = writeb
export const iowrite16 = writew
export const iowrite32 = writel
export const ioread64 = readq
export const iowrite64 = writeq

/**
 * Maps physical addresses (of a resource); 0 when that is impossible. May sleep. Pair: `iounmap`.
 */
export function ioremap(phys: number, size: number): iomem {
  mightSleep('ioremap')
  return map.ioremap(phys, size)
}
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
  READ_NS,
  function memcpy_fromio(to: Uint8Array, from: iomem, n: number): void {
    for (let i = 0; i < n; i++) to[i] = mmioRead(from + i, 1)
  },
)
/** Writes `n` bytes to registers. */
export const memcpy_toio = costs(
  READ_NS,
  function memcpy_toio(to: iomem, from: Uint8Array, n: number): void {
    for (let i = 0; i < n; i++) mmioWrite(to + i, 1, from[i]!)
  },
)
export const memset_io = costs(
  READ_NS,
  function memset_io(addr: iomem, value: number, n: number): void {
    for (let i = 0; i < n; i++) mmioWrite(addr + i, 1, value & 0xff)
  },
)

export * from './io/more'
