import { machine } from '../../engine/current'
import { call, type Sim } from '../../engine/suspend'
import { kernelCall, quiet } from '../../kernel/api'
import { getDevice, putDevice } from '../../kernel/base/core'
import type { device } from '../../kernel/base/device'
import { matchId, pciBus } from '../../kernel/pci/bus'
import * as removal from '../../kernel/pci/removal'
import { devicesBelow } from '../../kernel/pci/reset'
import { findDevices } from '../../kernel/pci/scan'
import { ENOSYS } from '../errno'
import {
  PCI_ANY_ID,
  type pci_bus,
  type pci_dev,
  type pci_device_id,
} from '../../kernel/pci/pci-dev'

/** Finding devices, keeping them, and taking them off the bus. */

export const pci_name = quiet(function pci_name(pdev: pci_dev): string {
  return pdev.$label
})
/** The `pci_dev` around a device of this bus. */
export const to_pci_dev = quiet(function to_pci_dev(dev: device): pci_dev {
  return dev.$parent as pci_dev
})
export const dev_is_pci = quiet(function dev_is_pci(dev: device): boolean {
  return dev.bus === pciBus(machine()).bus
})

/** Keeps the driver's data with the device. */
export function pci_set_drvdata(pdev: pci_dev, data: unknown): void {
  pdev.dev.driver_data = data
}
/** What `pci_set_drvdata` kept. */
export function pci_get_drvdata<T = unknown>(pdev: pci_dev): T {
  return pdev.dev.driver_data as T
}

/** Takes a reference; it does not keep the device in its slot. Pair: `pci_dev_put`. */
export function pci_dev_get<T extends pci_dev | null>(pdev: T): T {
  if (pdev) getDevice(pdev.dev)
  return pdev
}
/** Drops a reference. May run the release function here and now. */
export const pci_dev_put = kernelCall('pci_dev_put', function* (pdev: pci_dev | null): Sim {
  if (pdev) yield* putDevice(pdev.dev)
})

/** The next device behind `from` that passes; the reference to `from` is given back. */
function* next(from: pci_dev | null, test: (p: pci_dev) => boolean): Sim<pci_dev | null> {
  const list = [...pciBus(machine()).found.values()]
  const found = list.slice(from ? list.indexOf(from) + 1 : 0).find(test) ?? null
  if (found) getDevice(found.dev)
  if (from) yield* putDevice(from.dev)
  return found
}

const is = (wanted: number, own: number): boolean => wanted === PCI_ANY_ID || wanted === own

/** The next device with this id behind `from`, whose reference is given back. May sleep. */
export const pci_get_device = kernelCall(
  'pci_get_device',
  (vendor: number, device: number, from: pci_dev | null) =>
    next(from, (p) => is(vendor, p.vendor) && is(device, p.device)),
)
export const pci_get_subsys = kernelCall(
  'pci_get_subsys',
  (
    vendor: number,
    device: number,
    ss_vendor: number,
    ss_device: number,
    from: pci_dev | null,
  ) =>
    next(
      from,
      (p) =>
        is(vendor, p.vendor) &&
        is(device, p.device) &&
        is(ss_vendor, p.subsystem_vendor) &&
        is(ss_device, p.subsystem_device),
    ),
)
/** By class code, all 24 bits of it. */
export const pci_get_class = kernelCall(
  'pci_get_class',
  (cls: number, from: pci_dev | null) => next(from, (p) => p.class === cls),
)
/** By the upper 8 bits of the class code. */
export const pci_get_base_class = kernelCall(
  'pci_get_base_class',
  (cls: number, from: pci_dev | null) => next(from, (p) => p.class >> 16 === cls),
)
/** By place; with a reference. */
export const pci_get_slot = kernelCall('pci_get_slot', (bus: pci_bus, devfn: number) =>
  next(null, (p) => p.bus === bus && p.devfn === devfn),
)
export const pci_get_domain_bus_and_slot = kernelCall(
  'pci_get_domain_bus_and_slot',
  (domain: number, bus: number, devfn: number) =>
    next(null, (p) => domain === 0 && p.bus?.number === bus && p.devfn === devfn),
)
/** 1 when a device of the table is there. */
export function pci_dev_present(ids: readonly pci_device_id[]): number {
  return [...pciBus(machine()).found.values()].some((p) => matchId(p, ids)) ? 1 : 0
}

// Buses

export const pci_find_bus = quiet(function pci_find_bus(
  domain: number,
  busnr: number,
): pci_bus | null {
  return domain === 0 ? (pciBus(machine()).buses.get(busnr) ?? null) : null
})
export const pci_domain_nr = quiet(function pci_domain_nr(_bus: pci_bus): number {
  return 0
})
export const pci_is_root_bus = quiet(function pci_is_root_bus(bus: pci_bus): boolean {
  return bus.parent === null
})
export const pci_is_bridge = quiet(function pci_is_bridge(pdev: pci_dev): boolean {
  return pdev.hdr_type === 1
})
/** The bridge that a device is behind; null on the root bus. */
export const pci_upstream_bridge = quiet(function pci_upstream_bridge(
  pdev: pci_dev,
): pci_dev | null {
  return pdev.bus?.self ?? null
})
/** The root port at the top of the way to a device, or null. */
export const pcie_find_root_port = quiet(function pcie_find_root_port(
  pdev: pci_dev,
): pci_dev | null {
  let up: pci_dev | null = pdev.bus?.self ?? (pdev.hdr_type === 1 ? pdev : null)
  while (up?.bus?.self) up = up.bus.self
  return up
})
/** Models are no virtual functions: each is its own physical one. */
export const pci_physfn = quiet(function pci_physfn(pdev: pci_dev): pci_dev {
  return pdev
})
/** No virtual functions, and none can be made. */
export const pci_num_vf = quiet(function pci_num_vf(_pdev: pci_dev): number {
  return 0
})
export function pci_enable_sriov(_pdev: pci_dev, _nr_virtfn: number): number {
  return -ENOSYS
}
export function pci_disable_sriov(_pdev: pci_dev): void {}
/** Calls `cb` for each device on a bus and behind it, until it answers something but 0. */
export const pci_walk_bus = kernelCall(
  'pci_walk_bus',
  function* <T>(top: pci_bus, cb: (pdev: pci_dev, userdata: T) => number, userdata: T): Sim {
    for (const pdev of devicesBelow(top)) if (yield* call(() => cb(pdev, userdata))) return
  },
)

// Coming and going

/** The mutex around all scanning and removing. May sleep. */
export const pci_lock_rescan_remove = kernelCall('pci_lock_rescan_remove', () =>
  removal.lockRescanRemove(machine()),
)
export const pci_unlock_rescan_remove = kernelCall('pci_unlock_rescan_remove', () =>
  removal.unlockRescanRemove(machine()),
)
/** Finds what is new on a bus and behind it; the highest bus number. The mutex is held. */
export const pci_rescan_bus = kernelCall('pci_rescan_bus', (bus: pci_bus) =>
  findDevices(machine(), bus),
)
/** Removes a device and what is behind it in an orderly way. The mutex is held. May sleep. */
export const pci_stop_and_remove_bus_device = kernelCall(
  'pci_stop_and_remove_bus_device',
  (pdev: pci_dev): Sim => removal.stopAndRemove(machine(), pdev),
)
/** The same, taking the mutex; not from the device's own probe or remove. */
export const pci_stop_and_remove_bus_device_locked = kernelCall(
  'pci_stop_and_remove_bus_device_locked',
  (pdev: pci_dev): Sim => removal.stopAndRemoveLocked(machine(), pdev),
)
