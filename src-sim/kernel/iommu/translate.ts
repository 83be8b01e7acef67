import { Hook } from '../../base/disposable'
import type { Machine } from '../../engine/machine'
import { service } from '../../engine/service'
import { io_page_fault } from '../../trace/events'
import type { device } from '../base/device'
import type { DmaTranslator } from '../dma/backend'
import type { DmaDevice } from '../dma/dma-device'
import { emit } from '../emit'
import { acceptSetup } from './setup'
import type { iommu_domain } from './domain'
import { vtd, sourceOf } from './intel/vtd'
import { pciOf } from './pci-group'
import type { FaultRecord } from './unit'
import { walkDomain } from './walk-domain'

/** What is known of an access that was stopped. */
export interface DeviceFault {
  dev: device
  domain: iommu_domain | null
  address: number
  length: number
  write: boolean
  pasid: number
  record: FaultRecord | null
}

/** For those who judge what devices do. */
export const iommuFaults = service(() => ({ on: { fault: new Hook<[DeviceFault]>() } }))

/** The way of a PCI device to memory leads through the unit; all others have none here. */
export function translatorOf(m: Machine, dev: DmaDevice): DmaTranslator | null {
  const pdev = acceptSetup(m).makeUnit ? pciOf(dev as device) : null
  if (!pdev) return translatorOfDomain(m, dev as device)
  return {
    translate(_dev, address, length, write, pasid) {
      const requester = { source: sourceOf(pdev), pasid }
      const found = vtd(m).unit.translate(requester, address, length, write)
      if ('pieces' in found) return found.pieces
      tellFault(m, dev as device, address, length, write, pasid, found.fault)
      return null
    },
  }
}

/** Behind an IOMMU of somebody's own: its driver says where an address leads to. */
function translatorOfDomain(m: Machine, dev: device): DmaTranslator | null {
  if (!dev.iommu_group) return null
  return {
    translate(_dev, address, length, write) {
      const pieces = walkDomain(dev.iommu_group?.domain ?? null, address, length)
      if (!pieces) tellFault(m, dev, address, length, write, 0, null)
      return pieces
    },
  }
}

function tellFault(
  m: Machine, dev: device, address: number, length: number, write: boolean, pasid: number,
  record: FaultRecord | null,
): void {
  const domain = dev.iommu_group?.domain ?? null
  emit(io_page_fault, dev, domain, address, write ? 'write' : 'read', record ? `${record.reason}` : '')
  iommuFaults(m).on.fault.emit({ dev, domain, address, length, write, pasid, record })
}
