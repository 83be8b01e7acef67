import type { Machine } from '../../engine/machine'
import { hidden } from '../../engine/object'
import { service } from '../../engine/service'
import { call, type Sim } from '../../engine/suspend'
import { hotplug } from '../../trace/events'
import { emit } from '../emit'
import { ENODEV } from '../errno'
import { registerBus } from '../base/bus'
import { addDevice, deviceLog, initializeDevice } from '../base/core'
import { device, device_driver } from '../base/device'
import { matchOverride } from '../base/driver-override'
import { pmGetSync, pmPutSync } from '../base/pm-runtime'
import { setLevel } from '../irq/lines'
import { busSpace, type BusRegion } from '../platform/bus-space'
import { IORESOURCE_MEM, resource } from '../platform/resource'
import { PCI_BASE_ADDRESS_0, PCI_COMMAND_MEMORY, PciFunction, type Slot } from './config'
import {
  PCI_ANY_ID,
  pci_bus,
  pci_dev,
  pci_driver,
  PciBusType,
  type pci_device_id,
  type PciHardware,
} from './pci-dev'
import { takeIntx } from './intx'
import { addPciFiles } from './pci-sysfs'
import { rootPort } from './root-port'

const BAR_BASE = 0xfe00_0000

/** The PCI bus: places, what sits in them, and the addresses handed out. */
export class PciBus {
  readonly bus = new PciBusType()
  readonly slots = new Map<string, Slot>()
  /** The device structure of what was found in a slot. */
  readonly found = new Map<Slot, pci_dev>()
  readonly buses = new Map<number, pci_bus>()
  readonly #taken: { start: number; end: number }[] = []
  /** /sys/devices/pci0000:00: the host bridge. */
  readonly host = new device()

  constructor(machine: Machine) {
    const { bus, host } = this
    const { runtime } = machine
    bus.match = (dev, drv) => (matchDevice(pciDev(dev), pciDriver(drv)) ? 1 : 0)
    bus.uevent = (dev, env) => {
      const p = pciDev(dev)
      const id = (n: number): string => n.toString(16).toUpperCase().padStart(4, '0')
      env.push(`PCI_ID=${id(p.vendor)}:${id(p.device)}`, `PCI_SLOT_NAME=${p.$label}`)
      env.push(`MODALIAS=pci:v0000${id(p.vendor)}d0000${id(p.device)}`)
      return 0
    }
    bus.probe = pciProbe as unknown as (dev: device) => number
    bus.remove = pciRemove as unknown as (dev: device) => void
    bus.shutdown = pciShutdown as unknown as (dev: device) => void
    runtime.atomic(registerBus(bus))
    host.kobj.name = 'pci0000:00'
    host.release = () => {}
    initializeDevice(host)
    runtime.atomic(addDevice(host))
    const root = new pci_bus()
    root.name = '0000:00'
    this.buses.set(0, root)
  }

  /** The lowest free place for a window of `size` bytes. */
  takeAddress(size: number): number {
    let start = BAR_BASE
    for (;;) {
      start = Math.ceil(start / size) * size
      const end = start + size - 1
      const hit = this.#taken.find((t) => t.start <= end && start <= t.end)
      if (!hit) break
      start = hit.end + 1
    }
    this.#taken.push({ start, end: start + size - 1 })
    return start
  }

  giveAddress(start: number): void {
    const at = this.#taken.findIndex((t) => t.start === start)
    if (at >= 0) this.#taken.splice(at, 1)
  }

  slot(name: string): Slot | undefined {
    return this.slots.get(slotName(name))
  }
}

export const pciBus = service((machine) => new PciBus(machine))

export const pciDev = (dev: device): pci_dev => hidden(dev).$parent as pci_dev
const pciDriver = (drv: device_driver): pci_driver => hidden(drv).$parent as pci_driver

const fits = (wanted: number | undefined, own: number): boolean =>
  wanted === undefined || wanted === PCI_ANY_ID || wanted === own

export function matchId(pdev: pci_dev, ids: readonly pci_device_id[]): pci_device_id | null {
  for (const id of ids) {
    if (!id.vendor && !id.device && !id.subvendor && !id.class_mask) continue
    const sub = fits(id.subvendor || PCI_ANY_ID, pdev.subsystem_vendor)
    const classFits = (((id.class ?? 0) ^ pdev.class) & (id.class_mask ?? 0)) === 0
    if (fits(id.vendor, pdev.vendor) && fits(id.device, pdev.device) && sub && classFits) return id
  }
  return null
}

/** DM-15. */
export function matchDevice(pdev: pci_dev, drv: pci_driver): pci_device_id | null {
  const override = matchOverride(pdev.dev, drv.driver)
  if (override === 0) return null
  const id = matchId(pdev, drv.$newIds) ?? matchId(pdev, drv.id_table)
  if (id && (!id.override_only || override === 1)) return id
  return override === 1 ? { vendor: PCI_ANY_ID, device: PCI_ANY_ID } : null
}

/** DM-99: resumed and in use while `probe` runs; a positive answer is only complained about. */
function* pciProbe(dev: device): Sim<number> {
  const pdev = pciDev(dev)
  const drv = pciDriver(dev.driver!)
  const id = matchDevice(pdev, drv)
  const { probe } = drv
  if (!id || !probe) return -ENODEV
  yield* pmGetSync(dev)
  pdev.driver = drv
  const ret = Number((yield* call(() => probe(pdev, id))) ?? 0)
  if (ret > 0) deviceLog(dev, 4, `Driver probe function unexpectedly returned ${ret}`)
  if (ret >= 0) return 0
  pdev.driver = null
  yield* pmPutSync(dev)
  return ret
}

function* pciRemove(dev: device): Sim {
  const pdev = pciDev(dev)
  const remove = pdev.driver?.remove
  if (remove) {
    yield* pmGetSync(dev)
    yield* call(() => remove(pdev))
    yield* pmPutSync(dev)
  }
  pdev.driver = null
  yield* pmPutSync(dev)
}

function* pciShutdown(dev: device): Sim {
  const pdev = pciDev(dev)
  const shutdown = pdev.driver?.shutdown
  if (shutdown) yield* call(() => shutdown(pdev))
}

/** `01:00.0` and `0000:01:00.0` name the same place. */
export function slotName(text: string): string {
  return /^[0-9a-f]{4}:/i.test(text) ? text : `0000:${text}`
}

/** Makes a place for a function; places on buses other than 0 get a root port above them. */
export function addSlot(
  machine: Machine,
  name: string,
  hardware: () => PciHardware,
  line: string | null = null,
): void {
  const full = slotName(name)
  const [, bus, dev, fn] = /:([0-9a-f]{2}):([0-9a-f]{2})\.([0-7])$/i.exec(full) ?? []
  if (bus === undefined)
    throw new Error(`'${name}' is no PCI address: write for example '01:00.0'.`)
  const devfn = (parseInt(dev!, 16) << 3) | Number(fn)
  const all = pciBus(machine)
  const number = parseInt(bus, 16)
  all.slots.set(full, { name: full, bus: number, devfn, line, hardware, present: null })
  if (number !== 0 && !all.buses.has(number)) rootPort(machine, number)
}

/** Puts a function into a slot (if it is empty) and offers it to the drivers. 0 or -errno. */
export function* plug(machine: Machine, name: string): Sim<number> {
  const slot = pciBus(machine).slot(name)
  if (!slot) return -ENODEV
  slot.present ??= new PciFunction(slot.hardware())
  return yield* scanSlot(machine, slot)
}

/** Makes a device structure for what sits in a slot. A new one every time (DM-98). */
export function* scanSlot(machine: Machine, slot: Slot): Sim<number> {
  const all = pciBus(machine)
  if (!slot.present) return -ENODEV
  if (all.found.has(slot)) return 0
  const pdev = describe(machine, slot, slot.present)
  all.found.set(slot, pdev)
  all.buses.get(slot.bus)?.$devices.push(pdev)
  emit(hotplug, pdev, 'add')
  return yield* addDevice(pdev.dev)
}

function describe(machine: Machine, slot: Slot, fn: PciFunction): pci_dev {
  const all = pciBus(machine)
  const { model } = fn
  const pdev = new pci_dev()
  pdev.$slot = slot
  pdev.$function = fn
  pdev.vendor = model.vendorId
  pdev.device = model.deviceId
  pdev.revision = model.revision
  pdev.class = model.classCode
  pdev.subsystem_vendor = fn.get(0x2c, 2)
  pdev.subsystem_device = fn.get(0x2e, 2)
  pdev.devfn = slot.devfn
  pdev.bus = all.buses.get(slot.bus) ?? null
  pdev.resource = model.bars.map((size, bar) => assignBar(machine, pdev, fn, bar, size))
  pdev.$intx = takeIntx(machine, slot)
  pdev.irq = pdev.$intx
  pdev.dev.kobj.name = slot.name
  pdev.dev.bus = all.bus
  pdev.dev.parent = pdev.bus?.self?.dev ?? all.host
  pdev.dev.release = () => {}
  pdev.dev.coherent_dma_mask = 0xffffffff
  initializeDevice(pdev.dev)
  addPciFiles(pdev)
  model.attach(pdev)
  return pdev
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
    answers: () =>
      pdev.$slot?.present === fn &&
      (fn.command & PCI_COMMAND_MEMORY) !== 0 &&
      pdev.current_state === 0,
    read: (offset, width) => fn.model.read(bar, offset, width),
    write: (offset, width, value) => fn.model.write(bar, offset, width, value),
  }
  busSpace(machine).add(window)
  pdev.$windows[bar] = window
  return r
}

/** Its windows close and its addresses are free for others (the last stage of removal). */
export function releaseBars(machine: Machine, pdev: pci_dev): void {
  pdev.resource.forEach((r, bar) => {
    const window = pdev.$windows[bar]
    if (window) busSpace(machine).remove(window)
    pdev.$windows[bar] = null
    if (r.$claimed) pciBus(machine).giveAddress(r.start)
    r.$claimed = false
  })
}

/** The hardware leaves its slot: whatever it was doing stops, and its line is let go. */
export function takeOut(machine: Machine, slot: Slot): void {
  const fn = slot.present
  if (!fn) return
  slot.present = null
  const pdev = pciBus(machine).found.get(slot)
  if (pdev) setLevel(machine, pdev.$intx, pdev, false)
  fn.model.reset()
}
