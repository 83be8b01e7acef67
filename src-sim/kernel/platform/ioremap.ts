import { machine } from '../../engine/current'
import * as ev from '../../trace/events'
import { emit } from '../emit'
import { EBUSY, EINVAL, ENOMEM } from '../errno'
import { deviceLog, useDevice } from '../base/core'
import type { device } from '../base/device'
import { addDevres, takeDevres } from '../base/devres'
import { faultInjection } from '../mm/fault-injection'
import { iounmap } from '../pci/functions'
import { mmioSpace } from '../pci/mmio'
import { IORESOURCE_MEM, regions, resourceSize, resourceText, type resource } from './resource'

/** Maps physical addresses; 0 when that is impossible. */
export function ioremap(phys: number, size: number, object: object | null = null): number {
  if (size <= 0 || faultInjection(machine()).shouldFail('ioremap')) return 0
  const address = mmioSpace(machine()).map(phys, size, object)
  emit(ev.mmio_map, object, 0, phys, size, address)
  return address
}

/** As `ioremap`; unmapped when the driver goes. */
export function devmIoremap(dev: device, phys: number, size: number): number {
  const address = ioremap(phys, size, dev)
  if (address)
    addDevres(dev, { name: 'devm_ioremap_release', key: address, release: () => iounmap(address) })
  return address
}

export function devmIounmap(dev: device, address: number): void {
  takeDevres(dev, (n) => n.name === 'devm_ioremap_release' && n.key === address)
  iounmap(address)
}

export function devmRequestRegion(dev: device, start: number, size: number, name: string): boolean {
  if (!regions(machine()).request(start, size, name, dev)) return false
  const release = (): boolean => regions(machine()).release(start, size)
  addDevres(dev, { name: 'devm_region_release', key: start, release })
  return true
}

/** Checks, claims and maps a resource: an address, or -errno (DM-94). */
export function devmIoremapResource(dev: device, r: resource | null): number {
  useDevice(dev, 'devm_ioremap_resource')
  if (!r || !(r.flags & IORESOURCE_MEM)) {
    deviceLog(dev, 3, `invalid resource ${r ? resourceText(r) : '(null)'}`)
    return -EINVAL
  }
  if (!devmRequestRegion(dev, r.start, resourceSize(r), `${dev.$label} ${r.name}`)) {
    deviceLog(dev, 3, `can't request region for resource ${resourceText(r)}`)
    return -EBUSY
  }
  const address = devmIoremap(dev, r.start, resourceSize(r))
  if (address) return address
  deviceLog(dev, 3, `ioremap failed for resource ${resourceText(r)}`)
  const node = takeDevres(dev, (n) => n.name === 'devm_region_release' && n.key === r.start)
  node?.release()
  return -ENOMEM
}
