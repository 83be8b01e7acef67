import { machine } from '../engine/current'
import { quiet } from '../kernel/api'
import { regions, resource, resourceSize } from '../kernel/platform/resource'
import { devmRequestRegion } from '../kernel/platform/ioremap'
import type { device } from '../kernel/base/device'

/** Brought along, as by the C header. */
export * from './compiler'
export * from './minmax'
export * from './types'
export * from './ioport/more'

/**
 * Who uses which addresses: `linux/ioport`. Claims are bookkeeping, access works without (DM-94).
 */
export {
  IORESOURCE_BUSY,
  IORESOURCE_DMA,
  IORESOURCE_IO,
  IORESOURCE_IRQ,
  IORESOURCE_MEM,
  resource,
} from '../kernel/platform/resource'

/** Claims addresses; null when somebody has them. Pair: `release_mem_region`. */
export function request_mem_region(start: number, n: number, name: string): resource | null {
  if (!regions(machine()).request(start, n, name)) return null
  return new resource({ start, end: start + n - 1, name })
}
export function release_mem_region(start: number, n: number): void {
  regions(machine()).release(start, n)
}
export function devm_request_mem_region(
  dev: device,
  start: number,
  n: number,
  name: string,
): resource | null {
  return devmRequestRegion(dev, start, n, name)
    ? new resource({ start, end: start + n - 1, name })
    : null
}
export const resource_size = quiet(function resource_size(res: resource): number {
  return resourceSize(res)
})
const make = (start: number, size: number, flags: number): resource =>
  new resource({ start, end: start + size - 1, flags })
/** A resource entry: a register window. */
export const DEFINE_RES_MEM = quiet(function DEFINE_RES_MEM(start: number, size: number): resource {
  return make(start, size, 0x200)
})
/** A resource entry: an interrupt number. */
export const DEFINE_RES_IRQ = quiet(function DEFINE_RES_IRQ(irq: number): resource {
  return make(irq, 1, 0x400)
})
