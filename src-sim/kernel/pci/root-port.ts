import type { Machine } from '../../engine/machine'
import { registerDriver } from '../base/bus'
import { addDevice, initializeDevice } from '../base/core'
import { service } from '../../engine/service'
import { modules } from '../base/module'
import { pciBus } from './bus'
import { PciFunction, type Slot } from './config'
import { pci_bus, pci_dev, pci_driver, type PciHardware } from './pci-dev'

const BRIDGE_CLASS = 0x060400

/** The driver of all ports: it is built in, and bound before anything else happens. */
const portDriver = service((machine) => {
  const drv = new pci_driver()
  drv.name = 'pcieport'
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

const PORT: PciHardware = {
  vendorId: 0x1b36,
  deviceId: 0x000c,
  revision: 0,
  classCode: BRIDGE_CLASS,
  bars: [],
  vectors: 0,
  read: () => 0xffffffff,
  write: () => {},
  attach: () => {},
  reset: () => {},
}

/** A hot-plug port on the root bus, with the bus `number` below it: 0000:00:05.0 leads to bus 1. */
export function rootPort(machine: Machine, number: number): pci_dev {
  const all = pciBus(machine)
  portDriver(machine)
  const devfn = (4 + number) << 3
  const name = `0000:00:${(devfn >> 3).toString(16).padStart(2, '0')}.0`
  const fn = new PciFunction(PORT)
  const slot: Slot = { name, bus: 0, devfn, line: null, hardware: () => PORT, present: fn }
  const port = new pci_dev()
  port.$slot = slot
  port.$function = fn
  port.vendor = PORT.vendorId
  port.device = PORT.deviceId
  port.class = BRIDGE_CLASS
  port.devfn = devfn
  port.bus = all.buses.get(0)!
  port.dev.kobj.name = name
  port.dev.bus = all.bus
  port.dev.parent = all.host
  port.dev.release = () => {}
  const below = new pci_bus()
  below.number = number
  below.name = `0000:${number.toString(16).padStart(2, '0')}`
  below.self = port
  port.subordinate = below
  all.buses.set(number, below)
  all.buses.get(0)!.$devices.push(port)
  initializeDevice(port.dev)
  machine.runtime.atomic(addDevice(port.dev))
  return port
}
