import { quiet } from '../kernel/api'
import * as ats from '../kernel/pci/ats'
import type { pci_dev } from '../kernel/pci/pci-dev'

/**
 * Devices that translate for themselves: `linux/pci-ats`. Drivers of IOMMUs switch these on; a
 * device driver has no business here.
 */
export { PCI_PASID_CAP_EXEC, PCI_PASID_CAP_PRIV } from '../kernel/pci/ats'

/** Whether a device can keep translations, and may (SVA-16). */
export const pci_ats_supported = quiet((pdev: pci_dev): boolean => ats.atsSupported(pdev))
/** `ps`: the smallest page as a power of two. 0, -EINVAL, -EBUSY. Pair: `pci_disable_ats`. */
export function pci_enable_ats(pdev: pci_dev, ps: number): number {
  return ats.enableAts(pdev, ps)
}
export function pci_disable_ats(pdev: pci_dev): void {
  ats.disableAts(pdev)
}
/** How many invalidations it can have under way; -EINVAL without. */
export function pci_ats_queue_depth(pdev: pci_dev): number {
  return ats.atsQueueDepth(pdev)
}
/** It asks for whole pages. */
export function pci_ats_page_aligned(pdev: pci_dev): number {
  return pdev.ats_cap ? 1 : 0
}
export const pci_pri_supported = quiet((pdev: pci_dev): boolean => pdev.pri_cap !== 0)
/** `reqs`: requests under way at most. 0, -EINVAL, -EBUSY (SVA-02). */
export function pci_enable_pri(pdev: pci_dev, reqs: number): number {
  return ats.enablePri(pdev, reqs)
}
export function pci_disable_pri(pdev: pci_dev): void {
  ats.disablePri(pdev)
}
export function pci_reset_pri(pdev: pci_dev): number {
  return ats.resetPri(pdev)
}
/** Answers must carry the PASID of the request. */
export function pci_prg_resp_pasid_required(pdev: pci_dev): number {
  return pdev.pri_cap && pdev.pasid_cap ? 1 : 0
}
/** 0, -EINVAL, -EBUSY (SVA-02). Before ATS. Pair: `pci_disable_pasid`. */
export function pci_enable_pasid(pdev: pci_dev, features: number): number {
  return ats.enablePasid(pdev, features)
}
export function pci_disable_pasid(pdev: pci_dev): void {
  ats.disablePasid(pdev)
}
/** PCI_PASID_CAP_* that it has; -EINVAL without PASIDs. */
export function pci_pasid_features(pdev: pci_dev): number {
  return ats.pasidFeatures(pdev)
}
/** How many PASIDs it can tell apart; -EINVAL without. */
export function pci_max_pasids(pdev: pci_dev): number {
  return ats.maxPasids(pdev)
}
