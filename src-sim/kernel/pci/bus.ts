import { machine as currentMachine } from '../../engine/current'
import type { Machine } from '../../engine/machine'
import { hidden } from '../../engine/object'
import { service } from '../../engine/service'
import { call, point, type Sim } from '../../engine/suspend'
import { hotplug } from '../../trace/events'
import { emit } from '../emit'
import { ENODEV } from '../errno'
import { embedMembers } from '../mm/embed'
import { addDevice, deleteDevice, initializeDevice, putDevice } from '../base/core'
import { detachDriver } from '../base/bind'
import type { device, device_driver } from '../base/device'
import { allocIrqs, setLevel } from '../irq/lines'
import {
  commandOf,
  PCI_ANY_ID,
  pci_dev,
  PciBusType,
  resource,
  setCommand,
  type pci_device_id,
  type pci_driver,
  type PciHardware,
} from './pci-dev'

/** A place where a device can be plugged in. */
interface Slot {
  /** `0000:01:00.0` */
  name: string
  hardware: () => PciHardware
  present: pci_dev | null
}

export class PciBus {
  readonly bus = new PciBusType()
  readonly slots = new Map<string, Slot>()
  #nextBar = 0xfe00_0000

  constructor() {
    this.bus.match = (dev, drv) => (matchId(pciDev(dev), pciDriver(drv)) ? 1 : 0)
    this.bus.probe = pciProbe as unknown as (dev: device) => number
    this.bus.remove = pciRemove as unknown as (dev: device) => void
  }

  barAddress(size: number): number {
    const aligned = Math.ceil(this.#nextBar / size) * size
    this.#nextBar = aligned + size
    return aligned
  }
}

export const pciBus = service(() => new PciBus())

export const pciDev = (dev: device): pci_dev => hidden(dev).$parent as pci_dev
const pciDriver = (drv: device_driver): pci_driver => hidden(drv).$parent as pci_driver

export function matchId(pdev: pci_dev, drv: pci_driver): pci_device_id | null {
  const fits = (wanted: number | undefined, own: number): boolean =>
    wanted === undefined || wanted === PCI_ANY_ID || wanted === own
  return (
    drv.id_table.find(
      (id) =>
        (id.vendor !== 0 || id.device !== 0) &&
        fits(id.vendor, pdev.vendor) &&
        fits(id.device, pdev.device),
    ) ?? null
  )
}

function* pciProbe(dev: device): Sim<number> {
  const pdev = pciDev(dev)
  const drv = pciDriver(dev.driver!)
  const id = matchId(pdev, drv)
  if (!id || !drv.probe) return -ENODEV
  pdev.driver = drv
  const probe = drv.probe
  const ret = yield* call(() => probe(pdev, id))
  if (ret < 0) pdev.driver = null
  return ret < 0 ? ret : 0
}

function* pciRemove(dev: device): Sim {
  const pdev = pciDev(dev)
  const remove = pdev.driver?.remove
  if (remove) yield* call(() => remove(pdev))
  pdev.driver = null
}

/** `01:00.0` and `0000:01:00.0` name the same place. */
export function slotName(text: string): string {
  return /^[0-9a-f]{4}:/i.test(text) ? text : `0000:${text}`
}

export function addSlot(machine: Machine, name: string, hardware: () => PciHardware): void {
  const full = slotName(name)
  pciBus(machine).slots.set(full, { name: full, hardware, present: null })
}

/** Makes the device structure of what sits in a slot and announces it to the drivers. */
export function* plug(machine: Machine, name: string): Sim<number> {
  const slot = pciBus(machine).slots.get(slotName(name))
  if (!slot) return -ENODEV
  if (slot.present) return 0
  const pdev = scan(machine, slot)
  slot.present = pdev
  emit(hotplug, pdev, 'add')
  return yield* addDevice(pdev.dev)
}

function scan(machine: Machine, slot: Slot): pci_dev {
  const hardware = slot.hardware()
  const pdev = new pci_dev()
  embedMembers(pdev)
  pdev.$hardware = hardware
  pdev.vendor = hardware.vendorId
  pdev.device = hardware.deviceId
  pdev.revision = hardware.revision
  pdev.class = hardware.classCode
  const [, device, fn] = /:([0-9a-f]{2})\.([0-7])$/i.exec(slot.name) ?? ['', '0', '0']
  pdev.devfn = (parseInt(device!, 16) << 3) | Number(fn)
  fillConfig(pdev)
  pdev.resource = hardware.bars.map((size, i) => {
    const r = new resource()
    r.name = `${slot.name} BAR ${i}`
    r.start = size ? pciBus(machine).barAddress(size) : 0
    r.end = size ? r.start + size - 1 : 0
    return r
  })
  pdev.$intx = allocIrqs(machine, 1, `INTx ${slot.name}`, 'intx')
  pdev.irq = pdev.$intx
  pdev.dev.kobj.name = slot.name
  pdev.dev.bus = pciBus(machine).bus
  pdev.dev.release = () => {}
  initializeDevice(pdev.dev)
  hardware.attach(pdev)
  return pdev
}

function fillConfig(pdev: pci_dev): void {
  const view = new DataView(pdev.$config.buffer)
  view.setUint16(0, pdev.vendor, true)
  view.setUint16(2, pdev.device, true)
  view.setUint8(8, pdev.revision)
  view.setUint8(9, pdev.class & 0xff)
  view.setUint16(10, pdev.class >> 8, true)
  setCommand(pdev, 0)
}

/**
 * Takes a device out. Orderly: drivers are unbound while it still answers. Surprise: it is gone
 * first, reads give all ones, and `remove` runs against nothing (DM-112).
 */
export function* unplug(machine: Machine, name: string, surprise: boolean): Sim<number> {
  const slot = pciBus(machine).slots.get(slotName(name))
  const pdev = slot?.present
  if (!slot || !pdev) return -ENODEV
  slot.present = null
  emit(hotplug, pdev, surprise ? 'surprise' : 'remove')
  if (surprise) vanish(pdev)
  yield point(unplug, pdev)
  yield* detachDriver(pdev.dev)
  yield point(unplug, pdev)
  yield* deleteDevice(pdev.dev)
  if (!surprise) setCommand(pdev, commandOf(pdev) & ~4)
  vanish(pdev)
  yield* putDevice(pdev.dev)
  return 0
}

function vanish(pdev: pci_dev): void {
  if (pdev.$gone) return
  pdev.$gone = true
  pdev.error_state = 3
  setLevel(currentMachine(), pdev.$intx, pdev, false)
  pdev.$hardware?.reset()
}
