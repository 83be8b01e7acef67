import { machine } from '../../../engine/current'
import type { device } from '../../base/device'
import { disableAts, disablePasid, disablePri, enableAts, enablePasid, enablePri } from '../../pci/ats'
import { pciOf } from '../pci-group'
import { sourceOf, vtd } from './vtd'

const PAGE_SHIFT = 12
const REQUESTS = 32

/**
 * Switches on what the device can: PASID before ATS, as the order matters to devices, then page
 * requests. Refusals leave it off.
 */
export function enableFeatures(dev: device): void {
  const pdev = pciOf(dev)
  if (!pdev) return
  if (pdev.pasid_cap && !pdev.pasid_enabled) enablePasid(pdev, 0)
  if (pdev.ats_cap && !pdev.ats_enabled && enableAts(pdev, PAGE_SHIFT) === 0)
    vtd(machine()).unit.enableAts(sourceOf(pdev), () => !pdev.$gone)
  if (pdev.pri_cap && pdev.ats_enabled && !pdev.pri_enabled) enablePri(pdev, REQUESTS)
}

/** The device leaves: everything off, its entries wiped (IOMMU-12). */
export function disableFeatures(dev: device): void {
  const pdev = pciOf(dev)
  if (!pdev) return
  if (pdev.pri_enabled) disablePri(pdev)
  if (pdev.ats_enabled) {
    disableAts(pdev)
    vtd(machine()).unit.enableAts(sourceOf(pdev), null)
  }
  if (pdev.pasid_enabled) disablePasid(pdev)
}
