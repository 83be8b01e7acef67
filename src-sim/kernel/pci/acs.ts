import { machine as currentMachine } from '../../engine/current'
import type { Machine } from '../../engine/machine'
import { service } from '../../engine/service'
import type { PciFunction } from './config'
import { functionAt } from './functions'
import type { pci_dev } from './pci-dev'
import {
  PCI_ACS_CAP,
  PCI_ACS_CR,
  PCI_ACS_CTRL,
  PCI_ACS_EC,
  PCI_ACS_RR,
  PCI_ACS_SV,
  PCI_ACS_UF,
  PCI_EXP_FLAGS,
  PCI_EXP_FLAGS_TYPE,
  PCI_EXP_TYPE_DOWNSTREAM,
  PCI_EXP_TYPE_PCI_BRIDGE,
  PCI_EXP_TYPE_ROOT_PORT,
  PCI_EXT_CAP_ID_ACS,
} from './registers'

/**
 * Access control services: whether bridges send what their neighbours say to each other up to the
 * root first. drivers/pci/pci.c.
 */

/** What an IOMMU asks for before devices are found: isolation of each from its neighbours. */
const acsPolicy = service(() => ({ requested: false }))

/** `pci_request_acs`: ports that are found from now on isolate what is behind them. */
export function requestAcs(machine: Machine): void {
  acsPolicy(machine).requested = true
}

const ISOLATING = PCI_ACS_SV | PCI_ACS_RR | PCI_ACS_CR | PCI_ACS_UF
/** Any of these sends traffic between neighbours up to the root. */
const REDIRECTING = PCI_ACS_RR | PCI_ACS_CR | PCI_ACS_EC

/** `pci_enable_acs`: all it can do, if somebody has asked. */
export function enableAcs(fn: PciFunction): void {
  const at = fn.extendedCapability(PCI_EXT_CAP_ID_ACS)
  if (!at || !acsPolicy(currentMachine()).requested) return
  fn.set(at + PCI_ACS_CTRL, 2, fn.get(at + PCI_ACS_CAP, 2) & ISOLATING)
}

function controlOf(pdev: pci_dev): number {
  const fn = functionAt(pdev)
  const at = fn?.extendedCapability(PCI_EXT_CAP_ID_ACS) ?? 0
  return at ? fn!.get(at + PCI_ACS_CTRL, 2) : 0
}

/** The function redirects what neighbours send to each other (P2P-03). */
export const redirects = (pdev: pci_dev): boolean => (controlOf(pdev) & REDIRECTING) !== 0

export function pcieType(pdev: pci_dev): number {
  const fn = functionAt(pdev)
  if (!fn || !pdev.pcie_cap) return 0
  return (fn.get(pdev.pcie_cap + PCI_EXP_FLAGS, 2) & PCI_EXP_FLAGS_TYPE) >> 4
}

/** What it cannot control at all counts as done, except for egress control. */
function flagsEnabled(pdev: pci_dev, flags: number): boolean {
  const fn = functionAt(pdev)
  const at = fn?.extendedCapability(PCI_EXT_CAP_ID_ACS) ?? 0
  if (!at) return false
  const needed = flags & (fn!.get(at + PCI_ACS_CAP, 2) | PCI_ACS_EC)
  return (controlOf(pdev) & needed) === needed
}

/** `pci_acs_enabled`: nothing passes from this function to its neighbours behind the root's back. */
export function acsEnabled(pdev: pci_dev, flags: number): boolean {
  if (!pdev.pcie_cap) return false
  const type = pcieType(pdev)
  if (type === PCI_EXP_TYPE_PCI_BRIDGE) return false
  if (type === PCI_EXP_TYPE_ROOT_PORT || type === PCI_EXP_TYPE_DOWNSTREAM)
    return flagsEnabled(pdev, flags)
  return pdev.multifunction ? flagsEnabled(pdev, flags) : true
}

/** `pci_acs_path_enabled`: the same for every function from `start` up to `end`, or to the root. */
export function acsPathEnabled(start: pci_dev, end: pci_dev | null, flags: number): boolean {
  for (let at: pci_dev | null = start; at !== null; at = at.bus?.self ?? null) {
    if (!acsEnabled(at, flags)) return false
    if (at === end) return true
  }
  return end === null
}
