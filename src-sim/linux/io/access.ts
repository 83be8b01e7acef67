import { costs } from '../../kernel/api'
import { mmioRead, mmioWrite } from '../../kernel/pci/mmio'

/** Reading and writing registers. Part of `linux/io`. */

/** An address in a mapping of registers. */
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
