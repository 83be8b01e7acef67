import { quiet } from '../../kernel/api'
import * as f from '../../kernel/pci/functions'
import * as managed from '../../kernel/pci/managed'
import type { pci_dev } from '../../kernel/pci/pci-dev'
import { resourceSize } from '../../kernel/platform/resource'
import { mightSleep } from '../../kernel/sched/schedule'
import { ERR_PTR } from '../err'
import type { iomem } from '../io'

/** Claiming and mapping BARs. */

/** Claims all BARs for a driver. 0 or -EBUSY. Pair: `pci_release_regions` (DM-94). */
export function pci_request_regions(pdev: pci_dev, name: string): number {
  return f.requestRegions(pdev, name)
}
export function pci_release_regions(pdev: pci_dev): void {
  f.releaseRegions(pdev)
}
/** The same; user space may not map the registers either. */
export function pci_request_regions_exclusive(pdev: pci_dev, name: string): number {
  return f.requestRegions(pdev, name)
}
/** Claims one BAR. 0, -EINVAL or -EBUSY; 0 as well for one that is not there. */
export function pci_request_region(pdev: pci_dev, bar: number, name: string): number {
  return f.requestBar(pdev, bar, name)
}
export function pci_release_region(pdev: pci_dev, bar: number): void {
  f.releaseBar(pdev, bar)
}
/** Claims the BARs of a mask, or none. 0 or -EBUSY. */
export function pci_request_selected_regions(pdev: pci_dev, bars: number, name: string): number {
  return f.requestRegions(pdev, name, bars)
}
export function pci_release_selected_regions(pdev: pci_dev, bars: number): void {
  f.releaseRegions(pdev, bars)
}
/** A mask of the BARs that have all of these flags. */
export const pci_select_bars = quiet(function pci_select_bars(
  pdev: pci_dev,
  flags: number,
): number {
  return pdev.resource.reduce((mask, r, bar) => (r.flags & flags ? mask | (1 << bar) : mask), 0)
})
const IORESOURCE_MEM = 0x200
export function pci_request_mem_regions(pdev: pci_dev, name: string): number {
  return f.requestRegions(pdev, name, pci_select_bars(pdev, IORESOURCE_MEM))
}
export function pci_release_mem_regions(pdev: pci_dev): void {
  f.releaseRegions(pdev, pci_select_bars(pdev, IORESOURCE_MEM))
}

/** Maps a BAR's registers; 0 when there is none. May sleep. Pair: `pci_iounmap`. */
export function pci_iomap(pdev: pci_dev, bar: number, maxlen: number): iomem {
  mightSleep('pci_iomap')
  return f.iomap(pdev, bar, maxlen)
}
/** The same from an offset in the BAR on. */
export function pci_iomap_range(
  pdev: pci_dev,
  bar: number,
  offset: number,
  maxlen: number,
): iomem {
  mightSleep('pci_iomap_range')
  return f.iomap(pdev, bar, maxlen, offset)
}
/** With write-combining, which nobody can tell here. */
export function pci_iomap_wc(pdev: pci_dev, bar: number, maxlen: number): iomem {
  mightSleep('pci_iomap_wc')
  return f.iomap(pdev, bar, maxlen)
}
export function pci_ioremap_bar(pdev: pci_dev, bar: number): iomem {
  mightSleep('pci_ioremap_bar')
  return f.iomap(pdev, bar, 0)
}
export function pci_ioremap_wc_bar(pdev: pci_dev, bar: number): iomem {
  mightSleep('pci_ioremap_wc_bar')
  return f.iomap(pdev, bar, 0)
}
/** The mapping is gone: an access through it is a page fault. May sleep. */
export function pci_iounmap(_pdev: pci_dev, addr: iomem): void {
  f.iounmap(addr)
}

// Managed: undone newest first when the driver goes (DM-100).

export function pcim_request_region(pdev: pci_dev, bar: number, name: string): number {
  return managed.requestManaged(pdev, bar, name)
}
export function pcim_request_all_regions(pdev: pci_dev, name: string): number {
  return managed.requestAllManaged(pdev, name)
}
export function pcim_iomap(pdev: pci_dev, bar: number, maxlen: number): iomem {
  mightSleep('pcim_iomap')
  return managed.iomapManaged(pdev, bar, maxlen)
}
export function pcim_iounmap(pdev: pci_dev, addr: iomem): void {
  managed.iounmapManaged(pdev, addr)
}
/** Maps part of a BAR; an address or an error pointer. */
export function pcim_iomap_range(
  pdev: pci_dev,
  bar: number,
  offset: number,
  len: number,
): iomem {
  mightSleep('pcim_iomap_range')
  if (bar < 0 || bar > 5) return ERR_PTR<iomem>(-22)
  return managed.iomapManaged(pdev, bar, len, offset) || ERR_PTR<iomem>(-22)
}
/** Claims and maps one BAR; an address or an error pointer. */
export function pcim_iomap_region(pdev: pci_dev, bar: number, name: string): iomem {
  mightSleep('pcim_iomap_region')
  const ret = managed.iomapRegion(pdev, bar, name)
  return ret < 0 ? ERR_PTR<iomem>(ret) : ret
}
export function pcim_iounmap_region(pdev: pci_dev, bar: number): void {
  managed.iounmapRegion(pdev, bar)
}
/** Claims and maps the BARs of a mask. 0 or -errno. Addresses: `pcim_iomap_table`. */
export function pcim_iomap_regions(pdev: pci_dev, mask: number, name: string): number {
  mightSleep('pcim_iomap_regions')
  return managed.iomapRegions(pdev, mask, name)
}
export function pcim_iounmap_regions(pdev: pci_dev, mask: number): void {
  for (let bar = 0; bar < 6; bar++) if ((mask >> bar) & 1) managed.iounmapRegion(pdev, bar)
}
/** Addresses by BAR of what `pcim_iomap*` has mapped. */
export function pcim_iomap_table(pdev: pci_dev): iomem[] {
  return pdev.$iomap
}

/** Bus address of a BAR. */
export const pci_resource_start = quiet(function pci_resource_start(
  pdev: pci_dev,
  bar: number,
): number {
  return pdev.resource[bar]?.start ?? 0
})
export const pci_resource_end = quiet(function pci_resource_end(
  pdev: pci_dev,
  bar: number,
): number {
  return pdev.resource[bar]?.end ?? 0
})
export const pci_resource_len = quiet(function pci_resource_len(
  pdev: pci_dev,
  bar: number,
): number {
  const r = pdev.resource[bar]
  return r && r.flags !== 0 ? resourceSize(r) : 0
})
export const pci_resource_flags = quiet(function pci_resource_flags(
  pdev: pci_dev,
  bar: number,
): number {
  return pdev.resource[bar]?.flags ?? 0
})
export const PCI_STD_NUM_BARS = 6
