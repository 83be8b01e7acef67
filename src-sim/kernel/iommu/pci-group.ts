import { hidden } from '../../engine/object'
import { machine } from '../../engine/current'
import type { device } from '../base/device'
import { acsEnabled, acsPathEnabled } from '../pci/acs'
import { pciBus } from '../pci/bus'
import { pci_dev, type pci_bus } from '../pci/pci-dev'
import { PCI_ACS_CR, PCI_ACS_RR, PCI_ACS_SV, PCI_ACS_UF } from '../pci/registers'
import { newGroup, getGroup } from './groups'
import type { iommu_group } from './group'

const ISOLATED = PCI_ACS_SV | PCI_ACS_RR | PCI_ACS_CR | PCI_ACS_UF
const ROOT_PORT_GROUPS = 3
const FIRST_PORT = 5

/** The PCI function around a device; null for devices of other buses. */
export function pciOf(dev: device): pci_dev | null {
  const around = hidden(dev).$parent
  return around instanceof pci_dev ? around : null
}

const groupOf = (pdev: pci_dev): iommu_group | null => pdev.dev.iommu_group

/** Functions of one card that can reach each other inside it share a group. */
function functionGroup(pdev: pci_dev): iommu_group | null {
  if (!pdev.multifunction || acsEnabled(pdev, ISOLATED)) return null
  const place = pdev.devfn >> 3
  for (const other of pdev.bus?.$devices ?? []) {
    if (other === pdev || other.devfn >> 3 !== place || acsEnabled(other, ISOLATED)) continue
    const group = groupOf(other)
    if (group) return group
  }
  return null
}

/** The topmost point below which traffic can turn round without the root seeing it (IOMMU-03). */
function sharedAbove(pdev: pci_dev): iommu_group | null {
  for (let bus: pci_bus | null = pdev.bus; bus && bus.parent !== null; bus = bus.parent) {
    const bridge = bus.self
    if (!bridge) continue
    if (acsPathEnabled(bridge, null, ISOLATED)) return null
    const group = groupOf(bridge)
    if (group) return group
  }
  return null
}

/** Two ports are part of the board and have had their numbers since the beginning. */
function boardNumber(pdev: pci_dev): number | null {
  const port = (pdev.devfn >> 3) - FIRST_PORT
  const isPort = pdev.bus === pciBus(machine()).root && pdev.subordinate !== null
  return isPort && (port === 0 || port === 1) ? ROOT_PORT_GROUPS + port : null
}

/** `pci_device_group`: an own one only when all ways to its neighbours lead through the root. */
export function pciDeviceGroup(dev: device): iommu_group {
  const pdev = pciOf(dev)
  if (!pdev) return genericDeviceGroup(dev)
  const shared = sharedAbove(pdev) ?? functionGroup(pdev)
  return shared ? getGroup(shared) : newGroup(boardNumber(pdev))
}

/** A group of its own for each. */
export const genericDeviceGroup = (_dev: device): iommu_group => newGroup(null)
