import { machine } from '../../engine/current'
import { EBUSY, EINVAL } from '../errno'
import { warn } from '../printk/warn'
import { acsPathEnabled } from './acs'
import type { pci_dev } from './pci-dev'
import { PCI_ACS_RR, PCI_ACS_UF } from './registers'

/** Translation by the device itself, page requests and PASIDs: drivers/pci/ats.c. */

const MIN_STU = 12
const DEFAULT_DEPTH = 32

const warnIn = (func: string, pdev: pci_dev): void =>
  warn(machine(), 'pci-ats', `drivers/pci/ats.c at ${func}`, null, {
    objects: [pdev],
    rules: ['SVA-02', 'SVA-16'],
  })

/** SVA-16. */
export const atsSupported = (pdev: pci_dev): boolean => pdev.ats_cap !== 0 && !pdev.untrusted

/** `ps`: the smallest page, as a power of two. 0 or -errno (SVA-16). */
export function enableAts(pdev: pci_dev, ps: number): number {
  if (!atsSupported(pdev)) return -EINVAL
  if (pdev.ats_enabled) {
    warnIn('pci_enable_ats', pdev)
    return -EBUSY
  }
  if (ps < MIN_STU) return -EINVAL
  pdev.ats_stu = ps
  pdev.ats_enabled = 1
  return 0
}

export function disableAts(pdev: pci_dev): void {
  if (!pdev.ats_enabled) warnIn('pci_disable_ats', pdev)
  pdev.ats_enabled = 0
}

export const atsQueueDepth = (pdev: pci_dev): number =>
  atsSupported(pdev) ? DEFAULT_DEPTH : -EINVAL

/** `reqs`: how many requests may be under way (SVA-02). */
export function enablePri(pdev: pci_dev, reqs: number): number {
  if (pdev.pri_enabled) {
    warnIn('pci_enable_pri', pdev)
    return -EBUSY
  }
  if (!pdev.pri_cap) return -EINVAL
  if (pdev.$priBusy) return -EBUSY
  pdev.pri_reqs_alloc = Math.min(pdev.$function?.model.pageRequests ?? 0, reqs)
  pdev.pri_enabled = 1
  return 0
}

export function disablePri(pdev: pci_dev): void {
  if (!pdev.pri_enabled) warnIn('pci_disable_pri', pdev)
  pdev.pri_enabled = 0
}

export function resetPri(pdev: pci_dev): number {
  if (pdev.pri_enabled) {
    warnIn('pci_reset_pri', pdev)
    return -EBUSY
  }
  if (!pdev.pri_cap) return -EINVAL
  pdev.$priBusy = false
  return 0
}

/** Optional abilities of a device's PASIDs: execute and privileged requests. */
export const PCI_PASID_CAP_EXEC = 2
export const PCI_PASID_CAP_PRIV = 4

const featuresOf = (pdev: pci_dev): number => pdev.$function?.model.pasidFeatures ?? 0

/** SVA-02. */
export function enablePasid(pdev: pci_dev, features: number): number {
  if (pdev.pasid_enabled) {
    warnIn('pci_enable_pasid', pdev)
    return -EBUSY
  }
  if (!pdev.eetlp_prefix_max || !pdev.pasid_cap) return -EINVAL
  if (!acsPathEnabled(pdev, null, PCI_ACS_RR | PCI_ACS_UF)) return -EINVAL
  if ((featuresOf(pdev) & features) !== features) return -EINVAL
  pdev.pasid_features = features
  pdev.pasid_enabled = 1
  return 0
}

export function disablePasid(pdev: pci_dev): void {
  if (!pdev.pasid_enabled) warnIn('pci_disable_pasid', pdev)
  pdev.pasid_enabled = 0
}

export const pasidFeatures = (pdev: pci_dev): number =>
  pdev.pasid_cap ? featuresOf(pdev) : -EINVAL

/** How many PASIDs the device can tell apart. */
export const maxPasids = (pdev: pci_dev): number =>
  pdev.pasid_cap ? 2 ** (pdev.$function?.model.pasidBits ?? 0) : -EINVAL
