import { EBUSY, EINVAL, ENOMEM } from '../errno'
import type { Sim } from '../../engine/suspend'
import { addDevres, takeDevres } from '../base/devres'
import * as f from './functions'
import type { pci_dev } from './pci-dev'

/** The pcim_ functions: undone newest first when the driver goes (DM-100). */

export function enableManaged(pdev: pci_dev): number | Sim<number> {
  addDevres(pdev.dev, {
    name: 'pcim_disable_device',
    key: pdev,
    release: () => {
      if (!pdev.pinned) f.disableDevice(pdev)
      pdev.is_managed = 0
    },
  })
  const ret = f.enableDevice(pdev)
  return typeof ret === 'number' ? enabled(pdev, ret) : wait(pdev, ret)
}

function* wait(pdev: pci_dev, enabling: Sim<number>): Sim<number> {
  return enabled(pdev, yield* enabling)
}

function enabled(pdev: pci_dev, error: number): number {
  if (error) takeDevres(pdev.dev, (n) => n.name === 'pcim_disable_device')
  else pdev.is_managed = 1
  return error
}

const named =
  (name: string, bar: number) =>
  (n: { name: string; key: unknown }): boolean =>
    n.name === name && n.key === bar

export function requestManaged(pdev: pci_dev, bar: number, name: string): number {
  const error = f.requestBar(pdev, bar, name)
  if (error) return error
  addDevres(pdev.dev, { name: 'pcim_region', key: bar, release: () => f.releaseBar(pdev, bar) })
  return 0
}

function addMapping(pdev: pci_dev, bar: number, address: number): void {
  pdev.$iomap[bar] = address
  addDevres(pdev.dev, {
    name: 'pcim_mapping',
    key: bar,
    release: () => {
      pdev.$iomap[bar] = 0
      f.iounmap(address)
    },
  })
}

export function iomapManaged(
  pdev: pci_dev,
  bar: number,
  maxLength: number,
  offset = 0,
): number {
  const address = f.iomap(pdev, bar, maxLength, offset)
  if (address) addMapping(pdev, bar, address)
  return address
}

export function iounmapManaged(pdev: pci_dev, address: number): void {
  const bar = pdev.$iomap.indexOf(address)
  if (bar < 0) return
  takeDevres(pdev.dev, named('pcim_mapping', bar))
  pdev.$iomap[bar] = 0
  f.iounmap(address)
}

/** Gives back what `iomapRegion` took. */
export function iounmapRegion(pdev: pci_dev, bar: number): void {
  const address = pdev.$iomap[bar]
  if (address) iounmapManaged(pdev, address)
  releaseManaged(pdev, bar)
}

export function releaseManaged(pdev: pci_dev, bar: number): void {
  if (takeDevres(pdev.dev, named('pcim_region', bar))) f.releaseBar(pdev, bar)
}

/** Claims all BARs, or none. */
export function requestAllManaged(pdev: pci_dev, name: string): number {
  for (let bar = 0; bar < 6; bar++) {
    const error = requestManaged(pdev, bar, name)
    if (!error) continue
    while (--bar >= 0) releaseManaged(pdev, bar)
    return error
  }
  return 0
}

/** INTx on or off until the driver goes; then as it was. */
export function intxManaged(pdev: pci_dev, on: boolean): void {
  const before = f.intxEnabled(pdev)
  const restore = { name: 'pcim_intx', key: pdev, release: () => f.setIntx(pdev, before) }
  addDevres(pdev.dev, restore)
  f.setIntx(pdev, on)
}

/** Claims and maps one BAR: an address, or -errno. */
export function iomapRegion(pdev: pci_dev, bar: number, name: string): number {
  if (bar < 0 || bar > 5) return -EINVAL
  const error = requestManaged(pdev, bar, name)
  if (error) return -EBUSY
  const address = iomapManaged(pdev, bar, 0)
  if (address) return address
  releaseManaged(pdev, bar)
  return pdev.resource[bar]?.flags ? -ENOMEM : -EINVAL
}

export function iomapRegions(pdev: pci_dev, mask: number, name: string): number {
  for (let bar = 0; bar < 6; bar++) {
    if (!((mask >> bar) & 1)) continue
    const address = iomapRegion(pdev, bar, name)
    if (address < 0) return address
  }
  return 0
}

