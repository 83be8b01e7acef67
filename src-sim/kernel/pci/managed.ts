import { EBUSY, EINVAL, ENOMEM } from '../errno'
import { addDevres, takeDevres } from '../base/devres'
import * as f from './functions'
import type { pci_dev } from './pci-dev'

/** The pcim_ functions: undone newest first when the driver goes (DM-100). */

export function enableManaged(pdev: pci_dev): number {
  if (pdev.is_managed) return f.enableDevice(pdev)
  addDevres(pdev.dev, {
    name: 'pcim_disable_device',
    key: pdev,
    release: () => {
      pdev.is_managed = 0
      if (!pdev.pinned) f.disableDevice(pdev)
    },
  })
  const error = f.enableDevice(pdev)
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

export function iomapManaged(pdev: pci_dev, bar: number, maxLength: number): number {
  const address = f.iomap(pdev, bar, maxLength)
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

/** Claims and maps one BAR: an address, or -errno. */
export function iomapRegion(pdev: pci_dev, bar: number, name: string): number {
  if (bar < 0 || bar > 5) return -EINVAL
  const error = requestManaged(pdev, bar, name)
  if (error) return -EBUSY
  const address = iomapManaged(pdev, bar, 0)
  if (address) return address
  const node = takeDevres(pdev.dev, named('pcim_region', bar))
  if (node) f.releaseBar(pdev, bar)
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

