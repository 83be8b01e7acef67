import type { Machine } from '../../engine/machine'
import { hidden } from '../../engine/object'
import { service } from '../../engine/service'
import { call, type Sim } from '../../engine/suspend'
import { ENODEV } from '../errno'
import { registerBus } from '../base/bus'
import { addDevice, deviceLog, getDevice, initializeDevice, putDevice } from '../base/core'
import { device, device_driver } from '../base/device'
import { matchOverride } from '../base/driver-override'
import { PCI_PM_OPS } from './runtime-pm'
import { pmBarrier, pmGetSync, pmPutNoidle, pmPutSync, pmResume } from '../base/pm-runtime'
import type { Slot } from './config'
import {
  PCI_ANY_ID,
  pci_bus,
  pci_dev,
  pci_driver,
  PciBusType,
  type pci_device_id,
  type PciHardware,
} from './pci-dev'
import { DRIVER_FILES } from './dynamic-ids'
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
  readonly root = new pci_bus()
  /** /sys/devices/pci0000:00: the host bridge. */
  readonly host = new device()

  constructor(machine: Machine) {
    const { bus, host } = this
    const { runtime } = machine
    bus.match = (dev, drv) => (matchDevice(pciDev(dev), pciDriver(drv)) ? 1 : 0)
    bus.uevent = (dev, env) => describeToUser(pciDev(dev), env)
    bus.drv_groups = DRIVER_FILES
    bus.probe = pciProbe as unknown as (dev: device) => number
    bus.remove = pciRemove as unknown as (dev: device) => void
    bus.pm = PCI_PM_OPS
    bus.shutdown = pciShutdown as unknown as (dev: device) => void
    runtime.atomic(registerBus(bus))
    host.kobj.name = 'pci0000:00'
    host.release = () => {}
    initializeDevice(host)
    runtime.atomic(addDevice(host))
    this.root.name = '0000:00'
    this.buses.set(0, this.root)
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

  /** The places on a bus, by device and function number. */
  slotsOn(bus: number): Slot[] {
    return [...this.slots.values()].filter((s) => s.bus === bus).sort((a, b) => a.devfn - b.devfn)
  }

  /** The functions of the card that sits here: places with the same device number. */
  card(slot: Slot): Slot[] {
    return this.slotsOn(slot.bus).filter((s) => s.devfn >> 3 === slot.devfn >> 3)
  }

  /** The card has more than one function. */
  sharesCard(slot: Slot): boolean {
    for (const other of this.slots.values())
      if (other !== slot && other.bus === slot.bus && other.devfn >> 3 === slot.devfn >> 3) return true
    return false
  }

  slotsBehind(slot: Slot): Slot[] {
    return slot.secondary === null ? [] : this.slotsOn(slot.secondary)
  }

  /** The place of the bridge that leads to a bus. */
  bridgeTo(bus: number): Slot | undefined {
    for (const slot of this.slots.values()) if (slot.secondary === bus) return slot
    return undefined
  }

  /** Every bridge on the way has power. */
  reachable(slot: Slot): boolean {
    return slot.bus === 0 || (this.bridgeTo(slot.bus)?.present ?? null) !== null
  }
}

export const pciBus = service((machine) => new PciBus(machine))

export const pciDev = (dev: device): pci_dev => hidden(dev).$parent as pci_dev
const pciDriver = (drv: device_driver): pci_driver => hidden(drv).$parent as pci_driver

const upper = (n: number, digits: number): string =>
  n.toString(16).toUpperCase().padStart(digits, '0')

/** What user space finds the right module by. */
export function modalias(p: pci_dev): string {
  const sub = `sv${upper(p.subsystem_vendor, 8)}sd${upper(p.subsystem_device, 8)}`
  const [base, subclass, iface] = [16, 8, 0].map((shift) => upper((p.class >> shift) & 0xff, 2))
  const cls = `bc${base}sc${subclass}i${iface}`
  return `pci:v${upper(p.vendor, 8)}d${upper(p.device, 8)}${sub}${cls}`
}

/** The same each time: written once for each device. */
function describeToUser(p: pci_dev, env: string[]): number {
  p.$uevent ??= [
    `PCI_CLASS=${upper(p.class, 4)}`,
    `PCI_ID=${upper(p.vendor, 4)}:${upper(p.device, 4)}`,
    `PCI_SUBSYS_ID=${upper(p.subsystem_vendor, 4)}:${upper(p.subsystem_device, 4)}`,
    `PCI_SLOT_NAME=${p.$label}`,
    `MODALIAS=${modalias(p)}`,
  ]
  env.push(...p.$uevent)
  return 0
}

const fits = (wanted: number | undefined, own: number): boolean =>
  wanted === undefined || wanted === PCI_ANY_ID || wanted === own

export function matchId(pdev: pci_dev, ids: readonly pci_device_id[]): pci_device_id | null {
  for (const id of ids) {
    if (!id.vendor && !id.subvendor && !id.class_mask) break
    const sub =
      fits(id.subvendor, pdev.subsystem_vendor) && fits(id.subdevice, pdev.subsystem_device)
    const classFits = (((id.class ?? 0) ^ pdev.class) & (id.class_mask ?? 0)) === 0
    if (fits(id.vendor, pdev.vendor) && fits(id.device, pdev.device) && sub && classFits) return id
  }
  return null
}

/** DM-15. */
export function matchDevice(pdev: pci_dev, drv: pci_driver): pci_device_id | null {
  if (!pdev.$bindable) return null
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
  getDevice(dev)
  const ret = yield* probeMatching(pdev, drv)
  if (ret < 0) yield* putDevice(dev)
  return ret
}

function* probeMatching(pdev: pci_dev, drv: pci_driver): Sim<number> {
  const { dev } = pdev
  const { probe } = drv
  if (!probe) return 0
  const id = matchDevice(pdev, drv)
  if (!id) return -ENODEV
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
    yield* pmBarrier(dev)
    yield* call(() => remove(pdev))
    pmPutNoidle(dev)
  }
  if (pdev.driver) {
    pdev.driver = null
    yield* pmPutSync(dev)
  }
  yield* putDevice(dev)
}

function* pciShutdown(dev: device): Sim {
  const pdev = pciDev(dev)
  yield* pmResume(dev)
  const shutdown = pdev.driver?.shutdown
  if (shutdown) yield* call(() => shutdown(pdev))
}

/** `01:00.0` and `0000:01:00.0` name the same place. */
export function slotName(text: string): string {
  return /^[0-9a-f]{4}:/i.test(text) ? text : `0000:${text}`
}

/** What a machine says about a place for a function. */
export interface SlotSpec {
  hardware: () => PciHardware
  /** The interrupt line that it shares with other slots; left out: a line of its own. */
  line?: string | null
  /** A bridge: the number of the bus behind it. */
  secondary?: number | null
}

/**
 * Makes a place for a function. Buses that no bridge of the machine leads to get a root port: a
 * bridge is declared before what is behind it.
 */
export function addSlot(machine: Machine, name: string, spec: SlotSpec): void {
  const full = slotName(name)
  const [, bus, dev, fn] = /:([0-9a-f]{2}):([0-9a-f]{2})\.([0-7])$/i.exec(full) ?? []
  if (bus === undefined)
    throw new Error(`'${name}' is no PCI address: write for example '01:00.0'.`)
  const all = pciBus(machine)
  const number = parseInt(bus, 16)
  all.slots.set(full, {
    name: full,
    bus: number,
    devfn: (parseInt(dev!, 16) << 3) | Number(fn),
    line: spec.line ?? null,
    secondary: spec.secondary ?? null,
    hardware: spec.hardware,
    seated: false,
    present: null,
  })
  if (number !== 0 && !all.bridgeTo(number)) rootPort(machine, number)
}
