import { machine as currentMachine } from '../../../engine/current'
import type { Machine } from '../../../engine/machine'
import { service } from '../../../engine/service'
import { iotlb_flush } from '../../../trace/events'
import type { device } from '../../base/device'
import { emit } from '../../emit'
import { ensure } from '../../../base/assert'
import { kernelLog } from '../../printk/log'
import type { pci_dev } from '../../pci/pci-dev'
import { iommu_domain, type iommu_domain_ops } from '../domain'
import type { iommu_iotlb_gather } from '../gather'
import { iommu_device } from '../ops'
import { IoPageTable } from '../page-table'
import { pciOf } from '../pci-group'
import { acceptSetup } from '../setup'
import type { ContextEntry, IommuUnit } from '../unit'

/** Pages of 4 KiB, 2 MiB and 1 GiB. */
const PAGE_SIZES = 0x1000 + 0x20_0000 + 0x4000_0000
/** Three levels of tables. */
const LAST_ADDRESS = 2 ** 39 - 1
/** PASIDs of 20 bits. */
const MAX_PASIDS = 1 << 20

/** A domain of this driver: its table, and who is attached. */
export interface VtdDomain {
  id: number
  table: IoPageTable
  /** Devices (PASID 0) and their PASIDs that run through it. */
  users: VtdUser[]
}

export interface VtdUser {
  dev: device
  source: number
  pasid: number
}

export const privateOf = (domain: iommu_domain): VtdDomain => domain.$private as VtdDomain

/** Bus, device and function as transactions carry them. */
export const sourceOf = (pdev: pci_dev): number => ((pdev.$slot?.bus ?? 0) << 8) | pdev.devfn

/** What the driver of the VT-d unit knows: drivers/iommu/intel. */
export class Vtd {
  readonly unit: IommuUnit
  readonly device = new iommu_device()
  #lastId = 0

  constructor(machine: Machine) {
    this.unit = ensure(acceptSetup(machine).makeUnit, 'a VT-d driver without hardware')()
    this.device.name = 'dmar0'
    this.device.max_pasids = MAX_PASIDS
    this.device.ready = true
  }

  newId(): number {
    return ++this.#lastId
  }

  newDomain(ops: iommu_domain_ops): iommu_domain {
    const id = this.newId()
    const table = new IoPageTable({
      pgsizes: PAGE_SIZES,
      lastInput: LAST_ADDRESS,
      lastOutput: 2 ** 46 - 1,
    })
    const domain = new iommu_domain({ ops, pgsize_bitmap: PAGE_SIZES })
    domain.geometry = { aperture_start: 0, aperture_end: LAST_ADDRESS, force_aperture: true }
    domain.$private = { id, table, users: [] } satisfies VtdDomain
    domain.$label = `domain ${id}`
    return domain
  }

  /** Puts an entry into the tables of the hardware; what it knew of the old one goes. */
  setEntry(dev: device, pasid: number, entry: ContextEntry | null, old: iommu_domain | null): void {
    const pdev = pciOf(dev)
    if (!pdev) return
    const source = sourceOf(pdev)
    this.unit.setContext(source, pasid, entry)
    const before = old?.$private as VtdDomain | null | undefined
    if (before?.users) {
      before.users = before.users.filter((u) => u.dev !== dev || u.pasid !== pasid)
      this.unit.invalidateDomain(before.id)
    }
    if (!pdev.$gone) this.unit.invalidateDevice(source, pasid || null, 0, Infinity)
  }

  attach(domain: iommu_domain, dev: device, pasid: number, entry: ContextEntry, old: iommu_domain | null): void {
    this.setEntry(dev, pasid, entry, old)
    const pdev = pciOf(dev)
    if (pdev) privateOf(domain).users.push({ dev, source: sourceOf(pdev), pasid })
  }

  /** IOTLB first, then what the devices hold, each waited for (SVA-18). */
  flush(domain: iommu_domain, first: number, last: number): void {
    const { id, users } = privateOf(domain)
    this.unit.invalidate(id, first, last)
    for (const { source, pasid } of users)
      if (!this.unit.invalidateDevice(source, pasid || null, first, last)) tellTimeout()
    emit(iotlb_flush, domain, first, last === Infinity ? 0 : last - first + 1, false)
  }

  sync(domain: iommu_domain, gather: iommu_iotlb_gather): void {
    if (gather.end >= gather.start) this.flush(domain, gather.start, gather.end)
  }
}

/** A device that should drop what it keeps does not answer (SVA-19). */
const tellTimeout = (): void =>
  kernelLog(currentMachine()).print(6, 'DMAR: Invalidation Time-out Error (ITE) cleared\n')

export const vtd = service((machine) => new Vtd(machine))
