import type { Machine } from '../../engine/machine'
import { registerDriver } from '../base/bus'
import { service } from '../../engine/service'
import { modules } from '../base/module'
import { addSlot, pciBus } from './bus'
import {
  PCI_ACS_CR,
  PCI_ACS_RR,
  PCI_ACS_SV,
  PCI_ACS_UF,
  PCI_EXP_TYPE_DOWNSTREAM,
  PCI_EXP_TYPE_ROOT_PORT,
  PCI_EXP_TYPE_UPSTREAM,
} from './registers'
import { pci_driver, type PciHardware } from './pci-dev'
import { plug } from './scan'

const BRIDGE_CLASS = 0x060400
const REDHAT = 0x1b36
const ROOT_PORT = 0x000c
const SWITCH_PORT = 0x0001
/** What ports can do: source validation, request and completion redirect, upstream forwarding. */
const PORT_ACS = PCI_ACS_SV | PCI_ACS_RR | PCI_ACS_CR | PCI_ACS_UF

/** The driver of all ports: it is built in, and bound before anything else happens. */
const portDriver = service((machine) => {
  const drv = new pci_driver()
  drv.name = 'pcieport'
  drv.driver_managed_dma = true
  drv.id_table = [
    { vendor: 0xffffffff, device: 0xffffffff, class: BRIDGE_CLASS, class_mask: 0xffffff },
  ]
  drv.probe = () => 0
  drv.remove = () => {}
  drv.driver.name = drv.name
  drv.driver.bus = pciBus(machine).bus
  modules(machine)
  machine.runtime.atomic(registerDriver(drv.driver))
  return drv
})

/** A bridge does nothing by itself but lead to the bus `secondaryBus`. */
export const bridgeHardware = (
  secondaryBus: number,
  deviceId: number,
  portType: number,
  acs: boolean,
): PciHardware => ({
  vendorId: REDHAT,
  deviceId,
  revision: 0,
  classCode: BRIDGE_CLASS,
  bars: [],
  secondaryBus,
  portType,
  ...(acs && portType !== PCI_EXP_TYPE_UPSTREAM ? { acs: PORT_ACS } : null),
  vectors: 0,
  read: () => 0xffffffff,
  write: () => {},
  attach: () => {},
  reset: () => {},
})

/** A hot-plug port on the root bus, with the bus `number` below it: 0000:00:05.0 leads to bus 1. */
export function rootPort(machine: Machine, number: number): void {
  portDriver(machine)
  const place = (4 + number).toString(16).padStart(2, '0')
  const name = `00:${place}.0`
  addSlot(machine, name, {
    hardware: () => bridgeHardware(number, ROOT_PORT, PCI_EXP_TYPE_ROOT_PORT, true),
    secondary: number,
  })
  machine.runtime.atomic(plug(machine, name))
}

/**
 * A bridge in a place of the machine's own choice; what is behind it is declared after it. On the
 * root bus it is a root port; behind one begins a switch, whose ports take turns: up, down.
 * Without `acs` it can do nothing against its neighbours talking to each other.
 */
export function addBridge(machine: Machine, name: string, number: number, acs = true): void {
  portDriver(machine)
  addSlot(machine, name, {
    hardware: () => {
      const { bus } = pciBus(machine).slot(name)!
      return bridgeHardware(number, SWITCH_PORT, typeOfPort(machine, bus), acs)
    },
    secondary: number,
  })
}

function typeOfPort(machine: Machine, bus: number): number {
  if (bus === 0) return PCI_EXP_TYPE_ROOT_PORT
  const above = pciBus(machine).bridgeTo(bus)
  return above && typeOfPort(machine, above.bus) !== PCI_EXP_TYPE_UPSTREAM
    ? PCI_EXP_TYPE_UPSTREAM
    : PCI_EXP_TYPE_DOWNSTREAM
}
