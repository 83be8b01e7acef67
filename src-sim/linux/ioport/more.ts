import { machine } from '../../engine/current'
import { service } from '../../engine/service'
import { quiet } from '../../kernel/api'
import { live } from '../../kernel/live'
import { requestFreeRegion } from '../../kernel/hmm/memremap'
import type { device } from '../../kernel/base/device'
import { takeDevres } from '../../kernel/base/devres'
import { devmRequestRegion } from '../../kernel/platform/ioremap'
import { portRegions, regions, resource, type ResourceTree } from '../../kernel/platform/resource'
import { EBUSY } from '../errno'

/** More about stretches of addresses. Part of `linux/ioport`. */
export const IORESOURCE_PREFETCH = 0x2000
export const IORESOURCE_UNSET = 0x20000000
export const IORESOURCE_TYPE_BITS = 0x1f00

const made = (start: number, size: number, name: string, flags: number): resource =>
  new resource({ start, end: start + size - 1, name, flags })
/** Entries of a list of resources. */
export const DEFINE_RES = quiet((start: number, size: number, flags: number) =>
  made(start, size, '', flags),
)
export const DEFINE_RES_NAMED = quiet(made)
export const DEFINE_RES_MEM_NAMED = quiet((start: number, size: number, name: string) =>
  made(start, size, name, 0x200),
)
export const DEFINE_RES_IO = quiet((start: number, size: number) => made(start, size, '', 0x100))
export const DEFINE_RES_IRQ_NAMED = quiet((irq: number, name: string) => made(irq, 1, name, 0x400))
export const DEFINE_RES_DMA = quiet((dma: number) => made(dma, 1, '', 0x800))

export const resource_type = quiet((res: resource): number => res.flags & IORESOURCE_TYPE_BITS)
/** Whether `r1` holds all of `r2`. */
export const resource_contains = quiet(
  (r1: resource, r2: resource): boolean =>
    resource_type(r1) === resource_type(r2) && r1.start <= r2.start && r1.end >= r2.end,
)
export const resource_overlaps = quiet(
  (r1: resource, r2: resource): boolean => r1.start <= r2.end && r1.end >= r2.start,
)
/** What both have, in `r`; false when they have nothing in common. */
export const resource_intersection = quiet(
  (r1: resource, r2: resource, r: resource): boolean => {
    if (!resource_overlaps(r1, r2)) return false
    r.start = Math.max(r1.start, r2.start)
    r.end = Math.min(r1.end, r2.end)
    return true
  },
)
/** What either has, in `r`; false when they have nothing in common. */
export const resource_union = quiet((r1: resource, r2: resource, r: resource): boolean => {
  if (!resource_overlaps(r1, r2)) return false
  r.start = Math.min(r1.start, r2.start)
  r.end = Math.max(r1.end, r2.end)
  return true
})
export const resource_set_size = quiet((res: resource, size: number): void => {
  res.end = res.start + size - 1
})
export const resource_set_range = quiet((res: resource, start: number, size: number): void => {
  res.start = start
  res.end = start + size - 1
})

export const REGION_INTERSECTS = 0
export const REGION_DISJOINT = 1
export const REGION_MIXED = 2
/** Whether somebody has claimed (a part of) these addresses. */
export function region_intersects(start: number, size: number): number {
  const end = start + size - 1
  const hit = regions(machine()).claims.filter((c) => c.start <= end && start <= c.end)
  if (hit.length === 0) return REGION_DISJOINT
  return hit.some((c) => c.start <= start && c.end >= end) ? REGION_INTERSECTS : REGION_MIXED
}

function claim(tree: ResourceTree, start: number, n: number, name: string): resource | null {
  return tree.request(start, n, name) ? made(start, n, name, 0) : null
}
/** Claims ports; null when somebody has them. Pair: `release_region`. */
export function request_region(start: number, n: number, name: string): resource | null {
  return claim(portRegions(machine()), start, n, name)
}
export function release_region(start: number, n: number): void {
  portRegions(machine()).release(start, n)
}
/** As `request_mem_region`; released when the driver goes. */
export function devm_request_region(
  dev: device, start: number, n: number, name: string,
): resource | null {
  return devmRequestRegion(dev, start, n, name) ? made(start, n, name, 0) : null
}
/** Releases a managed claim before its time. */
export function devm_release_mem_region(dev: device, start: number, n: number): void {
  const mine = (node: { name: string; key: unknown }): boolean =>
    node.name === 'devm_region_release' && node.key === start
  if (takeDevres(dev, mine)) regions(machine()).release(start, n)
}
export const devm_release_region = devm_release_mem_region

/** Enters a resource below a parent. 0 or -EBUSY. Pair: `release_resource`. */
export function request_resource(_root: resource, res: resource): number {
  return regions(machine()).request(res.start, res.end - res.start + 1, res.name) ? 0 : -EBUSY
}
export function release_resource(res: resource): number {
  return regions(machine()).release(res.start, res.end - res.start + 1) ? 0 : -22
}

const allAddresses = service(() => new resource({ end: 2 ** 52 - 1, name: 'PCI mem' }))
/** The tree of all addresses. */
export const iomem_resource = live<resource>(() => allAddresses(machine()))
/** Finds addresses that nobody has, and claims them: for device memory without any of its own. */
export const request_free_mem_region = (
  _base: resource, size: number, name: string,
): resource => requestFreeRegion(size, name)
