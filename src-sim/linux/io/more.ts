import { quiet } from '../../kernel/api'
import {
  ioread32, iowrite32, readb, readl, readq, readw, writeb, writel, writeq, writew,
} from './access'

/** Other ways to registers. Part of `linux/io`. Order is kept by all of them on this machine. */

export const readb_relaxed = readb
export const readw_relaxed = readw
export const readl_relaxed = readl
export const readq_relaxed = readq
export const writeb_relaxed = writeb
export const writew_relaxed = writew
export const writel_relaxed = writel
export const writeq_relaxed = writeq

const swapped = (x: number): number =>
  (((x & 0xff) << 24) | ((x & 0xff00) << 8) | ((x >>> 8) & 0xff00) | (x >>> 24)) >>> 0
/** For registers with the most significant byte first. */
export const ioread32be = quiet((addr: number): number => swapped(ioread32(addr)))
export const iowrite32be = quiet((value: number, addr: number): void =>
  iowrite32(swapped(value), addr),
)
export { virt_to_phys } from '../gfp/pages'
