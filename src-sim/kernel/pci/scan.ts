import type { Machine } from '../../engine/machine'
import { point, type Sim } from '../../engine/suspend'
import { hotplug } from '../../trace/events'
import { emit } from '../emit'
import { ENODEV } from '../errno'
import { enableAcs } from './acs'
import { attachDevice } from '../base/attach'
import { addDevice, initializeDevice } from '../base/core'
import { pciParameters } from '../dma/dma-device'
import { slab } from '../mm/slab'
import { busSpace, type BusRegion } from '../platform/bus-space'
import { IORESOURCE_MEM, resource } from '../platform/resource'
import { pciBus } from './bus'
import {
  PCI_BASE_ADDRESS_0,
  PCI_CAP_ID_EXP,
  PCI_CAP_ID_MSI,
  PCI_CAP_ID_MSIX,
  PCI_CAP_ID_PM,
  PCI_EXT_CAP_ID_ATS,
  PCI_EXT_CAP_ID_PASID,
  PCI_EXT_CAP_ID_PRI,
  PciFunction,
  type Slot,
} from './config'
import { takeIntx } from './intx'
import { pci_bus, pci_dev, PCI_HEADER_TYPE_BRIDGE } from './pci-dev'
import { addPciFiles } from './pci-sysfs'
import { initRuntimePm } from './runtime-pm'
import { addSlotFiles } from './slot-files'
import { saveState } from './state'

/** As the kernel has it. */
const PCI_DEV_BYTES = 2560

/** Finding what sits on the buses: drivers/pci/probe.c, bus.c. */

/** Puts a function into a slot and finds it, if the way to it is there. 0 or -errno. */
export function* plug(machine: Machine, name: string): Sim<number> {
  const slot = pciBus(machine).slot(name)
  if (!slot) return -ENODEV
  slot.seated = true
  powerOn(machine, slot)
  const bus = pciBus(machine).buses.get(slot.bus)
  if (slot.present && bus) yield* findDevices(machine, bus)
  return 0
}

/** The slot has power again, and with it what is behind a bridge in it. */
export function powerOn(machine: Machine, slot: Slot): void {
  const all = pciBus(machine)
  if (!slot.seated || slot.present || !all.reachable(slot)) return
  slot.present = new PciFunction(slot.hardware())
  for (const inner of all.slotsBehind(slot)) powerOn(machine, inner)
}

/** `pci_rescan_bus`, the mutex held: what is new is found first, then offered to drivers. */
export function* findDevices(
  machine: Machine, bus: pci_bus, found: () => void = () => {},
): Sim<number> {
  const highest = yield* scanChildBus(machine, bus)
  found()
  yield* addDevices(bus)
  return highest
}

function* scanChildBus(machine: Machine, bus: pci_bus): Sim<number> {
  for (const slot of pciBus(machine).slotsOn(bus.number)) yield* scanSlot(machine, slot)
  let highest = bus.number
  for (const pdev of [...bus.$devices])
    if (pdev.subordinate)
      highest = Math.max(highest, yield* scanChildBus(machine, pdev.subordinate))
  return highest
}

/** Makes a device structure for what sits in a slot. A new one every time (DM-98). */
function* scanSlot(machine: Machine, slot: Slot): Sim {
  const all = pciBus(machine)
  if (!slot.present || all.found.has(slot)) return
  const pdev = allocDevice(machine, slot)
  if (!pdev) return
  describe(machine, pdev, slot, slot.present)
  all.found.set(slot, pdev)
  pdev.bus?.$devices.push(pdev)
  emit(hotplug, pdev, 'add')
  yield* addDevice(pdev.dev)
}

/** Bridges are there for good: only what drivers deal with comes from memory that is freed. */
function allocDevice(machine: Machine, slot: Slot): pci_dev | null {
  const pdev = new pci_dev()
  pdev.dev.release = () => {}
  if (slot.secondary !== null) return pdev
  pdev.dev.release = () => slab(machine).free(pdev)
  return slab(machine).alloc(pdev, PCI_DEV_BYTES)
}

/** `pci_bus_add_devices`: from here on drivers may bind, on this bus before those behind it. */
function* addDevices(bus: pci_bus): Sim {
  for (const pdev of [...bus.$devices]) {
    if (pdev.$bindable) continue
    saveState(pdev)
    pdev.$bindable = true
    yield point(addDevices, pdev)
    yield* attachDevice(pdev.dev, true)
  }
  for (const pdev of [...bus.$devices]) if (pdev.subordinate) yield* addDevices(pdev.subordinate)
}

function describe(machine: Machine, pdev: pci_dev, slot: Slot, fn: PciFunction): void {
  const all = pciBus(machine)
  const { model } = fn
  pdev.$slot = slot
  pdev.$function = fn
  pdev.vendor = model.vendorId
  pdev.device = model.deviceId
  pdev.revision = model.revision
  pdev.class = model.classCode
  pdev.devfn = slot.devfn
  pdev.multifunction = all.sharesCard(slot) ? 1 : 0
  pdev.bus = all.buses.get(slot.bus) ?? null
  readCapabilities(pdev, fn)
  pdev.resource = model.bars.map((size, bar) => assignBar(machine, pdev, fn, bar, size))
  if (slot.secondary === null) {
    pdev.subsystem_vendor = fn.get(0x2c, 2)
    pdev.subsystem_device = fn.get(0x2e, 2)
    pdev.$intx = takeIntx(machine, slot)
    pdev.irq = pdev.$intx
  } else makeBus(machine, pdev, slot.secondary)
  pdev.dev.kobj.name = slot.name
  pdev.dev.bus = all.bus
  pdev.dev.parent = pdev.bus?.self?.dev ?? all.host
  pdev.dev.dma_mask = pdev.dma_mask
  pdev.dev.coherent_dma_mask = 0xffffffff
  pdev.dev.dma_parms = pciParameters()
  initializeDevice(pdev.dev)
  initRuntimePm(pdev)
  addPciFiles(pdev)
  model.attach(pdev)
}

function readCapabilities(pdev: pci_dev, fn: PciFunction): void {
  pdev.pm_cap = fn.capability(PCI_CAP_ID_PM)
  pdev.msi_cap = fn.capability(PCI_CAP_ID_MSI)
  pdev.msix_cap = fn.capability(PCI_CAP_ID_MSIX)
  pdev.pcie_cap = fn.capability(PCI_CAP_ID_EXP)
  pdev.ats_cap = fn.extendedCapability(PCI_EXT_CAP_ID_ATS)
  pdev.pri_cap = fn.extendedCapability(PCI_EXT_CAP_ID_PRI)
  pdev.pasid_cap = fn.extendedCapability(PCI_EXT_CAP_ID_PASID)
  enableAcs(fn)
}

/** The bus behind a bridge. */
function makeBus(machine: Machine, bridge: pci_dev, number: number): void {
  bridge.hdr_type = PCI_HEADER_TYPE_BRIDGE
  const below = new pci_bus()
  below.number = number
  below.name = `0000:${number.toString(16).padStart(2, '0')}`
  below.parent = bridge.bus
  below.self = bridge
  bridge.subordinate = below
  pciBus(machine).buses.set(number, below)
  addSlotFiles(machine, below)
}

function assignBar(
  machine: Machine,
  pdev: pci_dev,
  fn: PciFunction,
  bar: number,
  size: number,
): resource {
  const r = new resource({ name: pdev.$slot!.name, flags: size ? IORESOURCE_MEM : 0 })
  pdev.$windows[bar] = null
  if (!size) return r
  r.start = pciBus(machine).takeAddress(size)
  r.end = r.start + size - 1
  r.$claimed = true
  fn.set(PCI_BASE_ADDRESS_0 + 4 * bar, 4, r.start)
  const window: BusRegion = {
    start: r.start,
    size,
    object: pdev,
    bar,
    answers: () => pdev.$slot?.present === fn && fn.decodes(bar, r.start),
    read: (offset, width) => fn.model.read(bar, offset, width),
    write: (offset, width, value) => fn.model.write(bar, offset, width, value),
  }
  busSpace(machine).add(window)
  pdev.$windows[bar] = window
  return r
}
